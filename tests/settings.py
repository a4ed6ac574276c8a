"""The product's settings, with a data folder that lives as long as the test run and passwords that cost nothing.

DATABASE_URL chooses the database as in production; the default is SQLite in that folder.
"""

import atexit
import os
import shutil
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="anhu-test-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
for _name in (
    "ANHU_ENV",
    "DEBUG",
    "BASE_URL",
    "HOST",
    "PORT",
    "CELERY_BROKER_URL",
    "ALLOWED_HOSTS",
):
    os.environ.pop(_name, None)  # what the developer has set for `make run` is not the suite's
os.environ["DATA_DIR"] = _FOLDER
os.mkdir(f"{_FOLDER}/static")  # whitenoise warns where it is missing
os.environ["SECRET_KEY"] = "only-for-tests"

from server.settings import *  # noqa: E402, F403
from server.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False  # one address logs in all the time; the lock-out has its own test
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # a file, as in production: several threads and processes can open it
    _database["TEST"] = {"NAME": f"{_FOLDER}/test.sqlite3"}
    _database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
