"""A tier that acts at once has begun: its people are told, whether the rules or a person set it."""

from forms.models import Entity
from rules.engine.rule_set import Tier
from rules.services.notices import notify_role


def tell_at_once(entity: Entity, tier: Tier) -> None:
    """Tell the role that leads in `tier` and those who decide about it, closest to the child."""
    text = {
        "zh": f"{entity.label} 进入{tier.title['zh']}，请立即处理",
        "en": f"{entity.label}: now {tier.title['en']}, act at once",
    }
    for role in dict.fromkeys(filter(None, (tier.lead_role, *tier.downgrade_roles))):
        notify_role(entity, role, "tier", text)
