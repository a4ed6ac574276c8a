"""Mail about accounts: an invitation, a forgotten password, a removed or unknown account. Sent by the worker.

The token is made when the mail is written, so that the outbox never holds one; a mail that fails is tried again with
a new one.
"""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from server import clock
from server.journal.models import Reaction
from server.journal.services import by_itself, emit
from server.people.models import PasswordToken, User, new_token, token_digest

PER_HOUR = 5  # mails to one address: anybody can ask for them


def ask_for_reset(email: str) -> None:
    """Let the worker write to `email` about its forgotten password, whether or not it has an account."""
    email = email.strip().lower()
    recent = Reaction.objects.filter(
        event="mail.due", payload__email=email, created_at__gt=clock.now() - timedelta(hours=1)
    )
    if recent.count() < PER_HOUR:
        emit("mail.due", {"kind": "reset", "email": email})


@by_itself  # a mail server that is slow must not hold the only writer of SQLite
def send(kind: str, user_id: int | None = None, email: str = "") -> None:
    """Job: write one mail. `kind`: "invitation" (to the user) or "reset" (to the address)."""
    known = User.objects.filter(deleted_at=None)
    if user_id is not None:
        user = known.filter(pk=user_id).first()
    else:
        user = known.filter(email=email, is_active=True).first()
    if user is None and user_id is not None:
        return  # deleted since
    if user is None:
        was_here = User.objects.filter(former_email=email).exists()
        _write(email, "removed" if was_here else "unknown", settings.LANGUAGE_CODE, "")
        return
    token = new_token()
    PasswordToken.objects.create(user=user, digest=token_digest(token))
    _write(user.email, kind, user.language or settings.LANGUAGE_CODE, token)


def base_address() -> str:
    """Where people find this server: mail has no request to take it from."""
    return settings.BASE_URL or f"http://{settings.HOST}:{settings.PORT}"


def _write(email: str, kind: str, language: str, token: str) -> None:
    with translation.override(language):
        subjects = {
            "invitation": _("Your account at Anhu"),
            "reset": _("A new password for Anhu"),
            "removed": _("Your account at Anhu was removed"),
            "unknown": _("There is no account at Anhu with this address"),
        }
        words = {"kind": kind, "address": base_address(), "token": token, "email": email}
        text = render_to_string("people/mail.txt", words)
        send_mail(subjects[kind], text, settings.DEFAULT_FROM_EMAIL, [email])
