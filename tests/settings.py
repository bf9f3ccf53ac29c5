"""The settings that tests run under: the site's own, with an environment that nobody's `.env` or shell leaks into."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from dotenv import dotenv_values

# Every known variable back to its default, except the database: .ci/run repeats the suite on PostgreSQL.
for known in set(dotenv_values(Path(__file__).parent.parent / ".env.example")) - {"DATABASE_URL"}:
    os.environ.pop(known, None)
os.environ["ENV_FILE"] = os.devnull
# One thread for each library that counts: tests run in several processes, and threads that wait for a core spin.
os.environ.update(dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"], "1"))
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="pneumoweb-tests-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)

from pneumoweb.settings import *  # noqa: E402, F403

STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405  (whitenoise warns when there is none)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# In a file, as in service: SQLite in memory waits for no lock between threads.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "tests.sqlite3"}  # noqa: F405
# A message sent to a broker that nobody started must fail at once; a test that wants a broker asks for live_redis.
CELERY_BROKER_TRANSPORT_OPTIONS = {**CELERY_BROKER_TRANSPORT_OPTIONS, "socket_connect_timeout": 0.2}  # noqa: F405
