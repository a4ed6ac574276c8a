"""What `anhu load` brings in: the bundled programme and a made-up sample county. Both live on the floors above.

They are named here as text, because the ground imports nothing from above (design.md section 2).
"""

import io
import logging
from typing import Any

import segno
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from server.people.models import AppUser, User
from server.problems import UNEXPECTED, Problem
from server.serve import network_address

PROGRAMME = "rules.programme.load.load_programme"  # () -> None
COUNTY = "rules.programme.sample.generate_county"  # (seed, children, progress, *, force) -> None
LOGINS = "rules.programme.sample.SAMPLE_LOGINS"  # each with `email` and `title`
PASSWORD = "rules.programme.sample.SAMPLE_PASSWORD"  # noqa: S105  the name of a constant
QR_TEXT = "forms.services.collect_qr"  # (project, app_user, base_url) -> text
SAMPLES = {"none": 0, "tiny": 20, "small": 300, "county": 6000}  # children

logger = logging.getLogger("server.programme")


def is_empty(sample: str) -> bool:
    """Whether the database is fresh: nobody can log in, and (where no sample is wanted) there is no form either."""
    has_forms = apps.get_model("forms", "Form")._default_manager.exists
    return not User.objects.exists() and (SAMPLES[sample] > 0 or not has_forms())


def usual_sample() -> str:
    """The sample for who asks for none in particular: made-up children never stand among real ones unasked."""
    return "none" if settings.IS_PRODUCTION else "small"


def load(*, sample: str, seed: int, force: bool = False) -> None:
    """Load the programme, then a sample county of `SAMPLES[sample]` children made from `seed`.

    Problems: those of the generator, which refuses in production unless `force`, and where a sample county is already.
    """
    import_string(PROGRAMME)()
    if children := SAMPLES[sample]:
        import_string(COUNTY)(seed=seed, children=children, progress=_progress, force=force)


def greeting() -> str:
    """What a newcomer needs at the terminal: sample logins and a QR code. Empty where there is no sample county."""
    logins = [
        login for login in import_string(LOGINS) if User.objects.filter(email=login.email).exists()
    ]
    if not logins:
        return ""
    width = max(len(login.email) for login in logins)
    lines = [f"Sample logins, all with the password {import_string(PASSWORD)}", ""]
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


def _progress(line: str) -> None:
    logger.info("%s", line)
