"""What `anhu load` brings in: the bundled programme and a made-up sample county. Both live on the floors above.

They are named here as text, because the ground imports nothing from above (design.md section 2).
"""

import io
import logging
from collections.abc import Callable
from typing import Any

import segno
from django.conf import settings
from django.utils.module_loading import import_string

from server.people.models import AppUser, User
from server.problems import UNEXPECTED, Problem
from server.serve import network_address

PROGRAMME = "rules.programme.load.load_programme"  # () -> None
COUNTY = "rules.programme.sample.generate_county"  # (seed, children, progress) -> None
LOGINS = "rules.programme.sample.SAMPLE_LOGINS"  # each with `email` and `title`
PASSWORD = "rules.programme.sample.SAMPLE_PASSWORD"  # noqa: S105  the name of a constant
QR_TEXT = "forms.services.collect_qr"  # (project, app_user, base_url) -> text
SAMPLES = {"none": 0, "tiny": 20, "small": 300, "county": 6000}  # children

logger = logging.getLogger("server.programme")


def is_empty() -> bool:
    """Whether nobody can log in yet: the database is fresh."""
    return not User.objects.exists()


def usual_sample() -> str:
    """The sample for who asks for none in particular: made-up children never stand among real ones unasked."""
    return "none" if settings.IS_PRODUCTION else "small"


def load(*, sample: str, seed: int) -> None:
    """Load the programme, then a sample county of `SAMPLES[sample]` children made from `seed`."""
    _call(PROGRAMME)
    if children := SAMPLES[sample]:
        _call(COUNTY, seed=seed, children=children, progress=_progress)


def greeting() -> str:
    """What a newcomer needs at the terminal: sample logins and a QR code. Empty where there is no sample county."""
    logins = [
        login for login in _named(LOGINS, ()) if User.objects.filter(email=login.email).exists()
    ]
    if not logins:
        return ""
    width = max(len(login.email) for login in logins)
    lines = [f"Sample logins, all with the password {_named(PASSWORD, '')}", ""]
    lines += [f"  {login.email:{width}}  {login.title}" for login in logins]
    return "\n".join([*lines, "", *_phone(logins)])


def _phone(logins: list[Any]) -> list[str]:
    phones = AppUser.objects.filter(revoked_at=None, deleted_at=None).select_related("worker")
    emails = [login.email for login in logins]
    phone = next(
        (found for email in emails if (found := phones.filter(worker__email=email).first())), None
    )
    if phone is None:
        return []
    code = qr_picture(qr_text(phone))
    return [
        code,
        f"Scan this with ODK Collect: the phone of {phone.display_name} ({own_address()})",
        "",
    ]


def qr_text(app_user: AppUser, url: str = "") -> str:
    """What Collect scans, for the address `url` (default: BASE_URL, else this host's). Problem: it has no project."""
    project: Any = getattr(getattr(app_user, "project_link", None), "project", None)
    if project is None:
        reason = "it belongs to no project"
        raise Problem(UNEXPECTED, field="app user", value=app_user.display_name, reason=reason)
    return str(import_string(QR_TEXT)(project, app_user, (url or own_address()).rstrip("/")))


def qr_picture(text: str) -> str:
    """The code as lines for a terminal with light letters on dark, or dark on light."""
    lines = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(lines, compact=True)
    return lines.getvalue()


def own_address() -> str:
    """The address of this server as a phone would reach it."""
    if settings.BASE_URL:
        return str(settings.BASE_URL)
    everywhere = settings.HOST in ("0.0.0.0", "::")  # noqa: S104  compared, not bound
    return f"http://{network_address() if everywhere else settings.HOST}:{settings.PORT}"


def _call(dotted: str, **arguments: Any) -> Any:
    function: Callable[..., Any] | None = _named(dotted, None)
    return function(**arguments) if function else None


def _named(dotted: str, missing: Any) -> Any:
    try:
        return import_string(dotted)
    except ImportError:
        logger.warning("%s is not there yet", dotted)
        return missing


def _progress(line: str) -> None:
    logger.info("%s", line)
