"""The journal's words for templates."""

from django import template

from server.shell.journal_words import ACTIONS

register = template.Library()


@register.filter
def action_word(action: str) -> str:
    """What happened, in words; "" for an action that has none."""
    return str(ACTIONS.get(action, ""))
