"""Settings, each from the environment with a default that works on a laptop. Tabulated in README.md; a test compares.

`NAME_FILE` may stand for `NAME` and names a file that holds the value (docker secrets). Production
(`ANHU_ENV=production`) refuses to start with a missing secret or with DEBUG on.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

env = environ.FileAwareEnv()
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = env.str("ANHU_ENV", default="development")
IS_PRODUCTION = ENVIRONMENT == "production"
TESTING = "pytest" in sys.modules

DATA_DIR = Path(env.str("DATA_DIR", default=str(ROOT / "data"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=False)
if IS_PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off when ANHU_ENV=production. Unset DEBUG.")


def _secret_key() -> str:
    """The signing secret: from the environment, or (never in production) made once and kept in the data folder."""
    given = env.str("SECRET_KEY", default="")
    if given:
        return given
    if IS_PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing. Set SECRET_KEY or SECRET_KEY_FILE to a long random text."
        )
    kept = DATA_DIR / "secret_key"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(50))
        kept.chmod(0o600)
    return kept.read_text().strip()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if IS_PRODUCTION else ["*"])
if IS_PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is missing. Name the hosts that this server answers to."
    )
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
WEB_THREADS = env.int("WEB_THREADS", default=8)
# The address that goes into QR codes and OpenRosa documents; empty: the one the request came to.
BASE_URL = env.str("BASE_URL", default="").rstrip("/")
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "server.places",
    "server.people",
    "server.journal",
    "server.shell",
    "forms",
    "rules",
    "exports",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "server.shell.csp.content_security_policy",
    "server.journal.notes.action_notes",
    "server.shell.nul.no_nul",
    "server.people.keys.app_user_path",  # before anything looks at the path
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "server.shell.problems.problem_pages",
    "forms.standing.StandingOnPages",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "server.urls"
WSGI_APPLICATION = "server.wsgi.application"
APPEND_SLASH = (
    False  # a redirected POST to /submission would lose the submission (Collect repeats it as GET)
)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "server.shell.context.shell",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
}
if "ENGINE" not in DATABASES["default"]:
    raise ImproperlyConfigured(
        "DATABASE_URL is not understood. Write postgres://user:password@host:5432/name or sqlite:////path/to/file."
    )
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: a 201 must survive a power cut
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
elif not TESTING:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 12}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = env.int("LOGIN_ATTEMPTS", default=10)
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
# what `authenticate` is called with; axes would look for our model's "email" and count nobody's failures
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_CALLABLE = "server.shell.failures.locked_out"
CSRF_FAILURE_VIEW = "server.shell.failures.stale_form"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=IS_PRODUCTION)
SESSION_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if IS_PRODUCTION else 0)
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=IS_PRODUCTION)

SILENCED_SYSTEM_CHECKS = [
    "security.W005", "security.W021",  # the other hosts of the domain are not ours to decide about
    "drf_spectacular.W001", "drf_spectacular.W002",  # the schema of Central's part is Central's document
]  # fmt: skip

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / floor / "locale" for floor in ("server", "forms", "rules", "exports")]
USE_I18N = True
# how a message looks: the classes of css/components.css
MESSAGE_TAGS = {20: "", 25: "good", 30: "warn", 40: "bad"}
USE_TZ = True
# clock.site_zone() reads the same variable; Django wants it too for templates
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "blobs")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "server.statics.HashedStaticFiles"
    },
}

# Mail (invitations, forgotten passwords): "smtp+tls://user:password@host:587"; on a laptop it is printed.
EMAIL = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = (
    EMAIL["EMAIL_BACKEND"],
    EMAIL["EMAIL_HOST"],
    EMAIL["EMAIL_PORT"],
)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"], EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_TLS", False), EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = EMAIL.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="anhu@localhost")

# Uploads: X-OpenRosa-Accept-Content-Length announces the first; one file may be at most the second.
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_BYTES", default=10_000_000)
MAX_ATTACHMENT_BYTES = env.int("MAX_ATTACHMENT_BYTES", default=100_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 12_000_000
DATA_UPLOAD_MAX_NUMBER_FILES = 200
# on the disk of the data: /tmp is memory on many hosts
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

# Pending work is rows in our database; the broker only nudges. memory:// lives inside the worker process.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="memory://localhost/")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# a nudge must never hold up a request: an absent broker is noticed within a second
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.5}
    if CELERY_BROKER_URL.startswith("memory")
    else {
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # finds what no nudge announced: postponed work, and what a killed worker held
    "sweep": {"task": "journal.run_pending", "schedule": 30.0},
    # offline changes whose predecessor never came are applied without it after five days
    "force_overdue": {"task": "forms.force_overdue", "schedule": 3600.0},
    # the number of each form's records, told without counting them
    "fold_tallies": {"task": "forms.fold_tallies", "schedule": 60.0},
    "recount_tallies": {"task": "forms.recount_tallies", "schedule": 86400.0},
    # what was deleted thirty days ago goes for good
    "purge": {"task": "forms.purge", "schedule": 21600.0},
    "escalate": {"task": "rules.escalate", "schedule": 60.0},
    # releases whose day has come, trials whose time is over, passes that nobody carries on
    "releases": {"task": "rules.releases", "schedule": 60.0},
    "expire_overrides": {"task": "rules.expire_overrides", "schedule": 3600.0},
    "appeals": {"task": "rules.appeals", "schedule": 3600.0},
    "tally": {"task": "rules.tally", "schedule": 1800.0},
    # the day's look at all children: the first run after midnight begins it, wherever the host was off
    "nightly": {"task": "rules.nightly", "schedule": 3600.0},
    # what the county's calendar asks for today: the first run after midnight begins it
    "calendar": {"task": "rules.calendar", "schedule": 3600.0},
}
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=2)
# A rule engine child that answers no evaluation within this time is killed and replaced.
DURABLE_TIMEOUT_SECONDS = env.float("DURABLE_TIMEOUT_SECONDS", default=5.0)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["server.people.authentication.CentralAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.AllowAny"
    ],  # each view asks `require`; see server/people/access.py
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "server.shell.openapi.OwnSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "server.shell.negotiation.OwnFormat",
    "EXCEPTION_HANDLER": "server.shell.problems.json_problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Anhu API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- The wiring: the only places where a lower floor is answered from above ---------------------------------------
# event -> jobs (dotted names of functions that take the Reaction's payload), in this order
REACTIONS: dict[str, list[str]] = {
    "mail.due": ["server.accounts.mail.send"],
    "audit.arrived": ["forms.services.client_audits.read_audit"],
    "submission.created": ["forms.registry.register_submission"],
    "submission.updated": ["forms.registry.register_submission"],
    "place.changed": ["forms.services.place_changes.follow"],
    "entity.touched": ["rules.services.evaluate.evaluate_touched"],
    "likeness.due": ["forms.services.duplicates.find_duplicates"],
    "entity.merged": ["rules.services.merging.follow_merge"],
    "transfer.changed": ["rules.services.moving.tell_transfer"],
    "submission.registered": ["rules.services.tasks.close_by_submission"],
    "reevaluation.due": ["rules.services.reevaluation.passing.run_reevaluation"],
    "tier.changed": ["rules.services.calendar.follow_tier"],
    "calendar.day": ["rules.services.calendar.open_chunk"],
    "day.due": ["rules.services.reevaluation.days.run_day"],
    "shadow.due": ["rules.services.shadow.observing.observe"],
    "shadow.pass": ["rules.services.shadow.observing.observe_all"],
    "simulation.started": ["rules.services.simulations.run_simulation"],
}
# functions (form_version) -> list of problems shown before publishing
PUBLISH_CHECKS: list[str] = [
    "forms.services.encryption_of_forms.check_encryption",
    "rules.services.publish_checks.check_form_version",
]
# functions (entity, reader) -> iterable of timeline items
TIMELINE_SOURCES: list[str] = [
    "forms.timeline.timeline",
    "forms.people_timeline.timeline",
    "rules.timeline.timeline",
]
# WSGI middleware around Django: what is asked all the time and needs nothing of it
SHORTCUT = "forms.openrosa.shortcut.Shortcut"
# function (project id, xmlFormId) -> the form's key or None: roles may be held on one form
FORM_KEY = "forms.services.offers.form_key"
# function (token) -> the public link that it opens, else Problem 403.1
PUBLIC_LINK_OF = "forms.services.public_links.link_of"
# functions (user) -> iterable of menu items
NAVIGATION: list[str] = [
    "rules.navigation.items",
    "forms.navigation.items",
    "exports.navigation.items",
    "server.shell.navigation.items",
]

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{name: {"level": LOG_LEVEL} for name in ("anhu", "server", "forms", "rules", "exports")},
        "django.request": {"level": "ERROR"},  # an answer of 404 is not worth a line
    },
}
os.environ.setdefault("TIME_ZONE", TIME_ZONE)
