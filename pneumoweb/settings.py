"""Every setting of PneumoWeb: read from the environment (or `.env`), checked strictly, in this one file.

A value that cannot be understood stops the start with a text that names it, and so does a name in `.env` that
PneumoWeb does not know. README.md has the table of variables, .env.example the same with their defaults; a test
holds the three together.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from dotenv import dotenv_values
from environs import Env, EnvError, validate
from kombu import Queue
from whitenoise.compress import Compressor

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = Path(os.environ.get("ENV_FILE") or BASE_DIR / ".env")

# ── What can be set ──────────────────────────────────────────────────────────────────────────────────────────────
# All of it is read here and checked at once, so that one start shows every mistake.
env = Env(eager=False)
if ENV_FILE.is_file():
    env.read_env(ENV_FILE, recurse=False)
AT_LEAST_ONE = validate.Range(min=1)

DATA_DIR = Path(env.str("DATA_DIR", "var") or "var")
SECRET_KEY = env.str("SECRET_KEY", "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", [], subcast=str)
DEBUG = env.bool("DEBUG", False)
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
TIME_ZONE = env.str("TIME_ZONE", "UTC")
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# For browsers that ask for none of them.
LANGUAGE_CODE = env.str("DEFAULT_LANGUAGE", "en", validate=validate.OneOf([code for code, _name in LANGUAGES]))

HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000, validate=validate.Range(min=1, max=65535))
WEB_WORKERS = env.int("WEB_WORKERS", 1, validate=AT_LEAST_ONE)
WEB_THREADS = env.int("WEB_THREADS", 8, validate=AT_LEAST_ONE)
ACCESS_LOG = env.bool("ACCESS_LOG", False)
WORKER_POOL = env.str("WORKER_POOL", "threads", validate=validate.OneOf(["threads", "prefork", "solo"]))
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", 1, validate=AT_LEAST_ONE)
MODEL_THREADS = env.int("MODEL_THREADS", 0, validate=validate.Range(min=0))
KNOWN = ["child", "adult"]
POPULATIONS = env.list(
    "POPULATIONS", KNOWN, subcast=str, validate=[validate.Length(min=1), validate.ContainsOnly(KNOWN)]
)
SWEEP_SECONDS = env.int("SWEEP_SECONDS", 15, validate=AT_LEAST_ONE)
MAX_ATTEMPTS = env.int("MAX_ATTEMPTS", 3, validate=AT_LEAST_ONE)
TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", 60, validate=validate.Range(min=5))
READY_WAIT_SECONDS = env.int("READY_WAIT_SECONDS", 300, validate=AT_LEAST_ONE)

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], subcast=str)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [], subcast=str)
HTTPS = env.bool("HTTPS", False)
HSTS_SECONDS = env.int("HSTS_SECONDS", 365 * 24 * 3600, validate=AT_LEAST_ONE)
TRUST_PROXY = env.int("TRUST_PROXY", 0, validate=validate.Range(min=0, max=5))
SENDFILE = env.str("SENDFILE", "", validate=validate.OneOf(["", "x-accel"]))
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

DATABASE_URL = env.str("DATABASE_URL", "")
REDIS_URL = env.str("REDIS_URL", "")
EMAIL_URL = env.dj_email_url("EMAIL_URL", "console:")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "PneumoWeb <pneumoweb@localhost>")

SIGNUP_OPEN = env.bool("SIGNUP_OPEN", True)
PEOPLE_PER_ADDRESS = env.int("PEOPLE_PER_ADDRESS", 60, validate=AT_LEAST_ONE)
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", False)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", 0, validate=validate.Range(min=0))
VERIFICATIONS = ["none", "optional", "mandatory"]
EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", "optional", validate=validate.OneOf(VERIFICATIONS))

MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", 50_000_000, validate=AT_LEAST_ONE)
MAX_FILES_PER_SUBMISSION = env.int("MAX_FILES_PER_SUBMISSION", 50, validate=AT_LEAST_ONE)
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_BYTES", 300_000_000, validate=AT_LEAST_ONE)
MAX_PIXELS = env.int("MAX_PIXELS", 50_000_000, validate=AT_LEAST_ONE)
QUOTA_FILMS_PER_DAY = env.int("QUOTA_FILMS_PER_DAY", 5_000, validate=AT_LEAST_ONE)
QUOTA_BYTES_PER_DAY = env.int("QUOTA_BYTES_PER_DAY", 50_000_000_000, validate=AT_LEAST_ONE)
WEBHOOKS = env.str("WEBHOOKS", "off", validate=validate.OneOf(["off", "public", "anywhere"]))
KEEP_ORIGINALS = env.bool("KEEP_ORIGINALS", False)

try:
    env.seal()
    unknown = set(dotenv_values(ENV_FILE)) - set(env.dump()) if ENV_FILE.is_file() else set()
    if unknown:
        raise ImproperlyConfigured(f"{ENV_FILE} sets what PneumoWeb does not know: {', '.join(sorted(unknown))}")
    database: dict[str, Any] = {**dj_database_url.parse(DATABASE_URL)} if DATABASE_URL else {}
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from None
except (ValueError, KeyError) as error:  # dj_database_url has several names for "no such database"
    raise ImproperlyConfigured(f"DATABASE_URL is not a database address: {error}") from None
if "EMAIL_BACKEND" not in EMAIL_URL:  # what dj_email_url makes of a scheme it does not know
    raise ImproperlyConfigured("EMAIL_URL must start with console:, smtp:// or submission:// (with TLS)")
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix:///")):
    raise ImproperlyConfigured("REDIS_URL must start with redis://, rediss:// or unix:///")

# ── The data folder: the database, the films, the key; nobody else's business ────────────────────────────────────
DATA_DIR = (BASE_DIR / DATA_DIR.expanduser()).resolve()
FILMS_DIR, UPLOAD_DIR, STATIC_ROOT, REDIS_DIR = (DATA_DIR / name for name in ("films", "tmp", "static", "redis"))
try:
    for folder in (DATA_DIR, FILMS_DIR, UPLOAD_DIR):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"DATA_DIR: {error}") from None


def secret_key(path: Path) -> str:
    """The key kept in `path`, made on first use. Two processes that start at once agree: only one link succeeds."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key.") as file:  # made 0600
            file.write(get_random_secret_key() + get_random_secret_key())
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip()


SECRET_KEY = SECRET_KEY or secret_key(DATA_DIR / "secret_key")

# ── Django ───────────────────────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "diagnosis",  # first, so that its templates and commands win
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",  # Swagger UI's files from our own origin
    "bootstrap",  # django-bootstrap-static: Bootstrap's files from our own origin
]
MIDDLEWARE = [
    "diagnosis.middleware.head_without_body",
    "diagnosis.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "diagnosis.outage.answer_probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "diagnosis.accounts.sessions.end_in_time",
    "diagnosis.accounts.sessions.ask_staff_for_second_factor",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "diagnosis.api.authentication.know_programs",
    # Who may come in, and how much they may bring, is settled before CSRF reads the body: a stranger's 300 MB are
    # never parsed. (Only the order of process_view matters here.)
    "diagnosis.middleware.SignInMiddleware",
    "diagnosis.accounts.preferences.live_by_preferences",
    "diagnosis.middleware.BodyLimitMiddleware",
    "diagnosis.middleware.OddRequestMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "pneumoweb.urls"
WSGI_APPLICATION = "pneumoweb.wsgi.application"
CSRF_FAILURE_VIEW = "diagnosis.accounts.expired.form_expired"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "diagnosis.templating.loader.LanguageLoader",
                    [f"django.template.loaders.{kind}.Loader" for kind in ("filesystem", "app_directories")],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "diagnosis.pages.product",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# No ATOMIC_REQUESTS: in IMMEDIATE mode every page view would take SQLite's one write lock.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728; "
    "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864"
)
database = database or {**dj_database_url.parse(f"sqlite:///{DATA_DIR / 'pneumoweb.sqlite3'}")}
if database["ENGINE"] == "django.db.backends.sqlite3":
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS}
    database.update(CONN_MAX_AGE=None, OPTIONS=options)
else:
    database.update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
DATABASES = {"default": database}

# Rate limits must hold across web processes and must not fall with Redis: a table, touched by sign-ins only.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

USE_TZ = USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]

# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT, MEDIA_URL = FILMS_DIR, ""  # films have no address of their own: a view that knows the owner sends them
FILMS: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": FILMS_DIR, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}
STORAGES: dict[str, Any] = {
    "default": FILMS,
    "films": FILMS,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "pneumoweb.static_files.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # nobody asks for the other names, and half the work of a first start
# Source maps are large, and only a browser's developer tools ask for them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_MAX_MEMORY_SIZE = 5_000_000  # bytes of a whole request; a larger one goes through files in UPLOAD_DIR
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # everything in a form that is not a file
DATA_UPLOAD_MAX_NUMBER_FILES = 10 * MAX_FILES_PER_SUBMISSION  # the form itself says "too many" long before

# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = [
    "diagnosis.accounts.backends.PersonBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "NumericPasswordValidator")
] + [
    {"NAME": "diagnosis.accounts.passwords.KnownPasswordValidator"},
    {"NAME": "diagnosis.accounts.passwords.SiteWordsValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "studies", "landing"
ACCOUNT_ADAPTER = "diagnosis.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = [
    "username*",
    "email*" if EMAIL_VERIFICATION == "mandatory" else "email",
    "password1*",
    "password2*",
]
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # whoever finds a browser open does not own the account
ACCOUNT_EMAIL_NOTIFICATIONS = True  # … and its owner is told
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "PneumoWeb: "
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_FORMS = {
    "login": "diagnosis.accounts.forms.SignInForm",
    "reset_password": "diagnosis.accounts.forms.ResetForm",
}
# A classroom or a ward has one address and comes in at the same minute; whoever guesses at one account is slowed down
# by that account's own counts (diagnosis/accounts/adapter.py).
ACCOUNT_RATE_LIMITS = {
    "signup": f"{PEOPLE_PER_ADDRESS}/m/ip",
    "login": f"{2 * PEOPLE_PER_ADDRESS}/m/ip",
    "login_failed": f"{max(10, PEOPLE_PER_ADDRESS // 2)}/m/ip,5/300s/key",
    "login_failed_anywhere": "50/h/key",
    "reset_password": f"{PEOPLE_PER_ADDRESS}/m/ip,5/m/key",
    "reset_password_from_key": f"{PEOPLE_PER_ADDRESS}/m/ip",
}
MFA_ADAPTER = "diagnosis.accounts.two_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "PneumoWeb"
MFA_ALLOW_UNVERIFIED_EMAIL = EMAIL_VERIFICATION != "mandatory"  # else nobody without e-mail could have a second factor
ALLAUTH_TRUSTED_PROXY_COUNT = TRUST_PROXY

for name, value in EMAIL_URL.items():  # EMAIL_HOST, EMAIL_PORT, …: Django's names for what the address says
    globals()[name] = value

# ── Security ─────────────────────────────────────────────────────────────────────────────────────────────────────
SECURE_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
SECURE_PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0
# Probes come from inside, without TLS. A program that forgot the s is told so (diagnosis/api/authentication.py), not
# led on with its token in the clear.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^api/v1/"]
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_ENGINE = "diagnosis.accounts.session_store"
SESSION_COOKIE_HTTPONLY = True
COOKIE_PREFIX = "__Host-" if HTTPS else ""  # then browsers take a cookie from this very host alone, over TLS alone
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE = True, HTTPS, "Lax"
MESSAGE_STORAGE = "diagnosis.messages.Messages"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
# HSTS for sub-domains (W005) and preload (W021) are promises about a whole domain that one site on it must not make.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]


# ── Programs ─────────────────────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "diagnosis.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["diagnosis.api.authentication.MaySee"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "diagnosis.api.schema.FirstSentence",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "diagnosis.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PneumoWeb API",
    "DESCRIPTION": (
        "For teaching, research and a second look; not for triage, never a diagnosis. "
        "Errors are problem documents (RFC 9457)."
    ),
    "VERSION": "1",
    "SERVERS": [{"url": "/", "description": "This site"}],
    "LICENSE": {"name": "MIT", "url": "/about/#licence"},
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["diagnosis.api.authentication.MaySee"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": None,
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "diagnosis.api.schema.as_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "diagnosis.models.State",
        "FindingEnum": "diagnosis.models.Finding",
        "OwnFindingEnum": "diagnosis.models.OwnFinding",
        "OperatingPointEnum": "diagnosis.models.OperatingPointName",
    },
}


# ── Celery ───────────────────────────────────────────────────────────────────────────────────────────────────────
def private_redis_socket() -> Path:
    """Where `manage.py serve` puts its own Redis: in the data folder, unless that path is too long for a socket."""
    path = REDIS_DIR / "redis.sock"
    if len(os.fsencode(path)) < 100:  # the kernel's limit is 107
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"pneumoweb-{os.getuid()}-{name}" / "redis.sock"


REDIS_IS_PRIVATE = not REDIS_URL
REDIS_SOCKET = private_redis_socket()
REDIS_URL = REDIS_URL or f"unix://{REDIS_SOCKET}"
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)  # kombu's name for the same thing
# A broker that is down costs the person who uploads a second at most: one try, the sweeper sends it later.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 5 * TASK_TIME_LIMIT,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,  # must exceed the one second that a waiting worker's pop takes
    "max_retries": 0,
    "interval_start": 0,
    "queue_order_strategy": "priority",  # in the order of CELERY_TASK_QUEUES, not in turn
}
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True  # the database is the only truth
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = TASK_TIME_LIMIT
CELERY_TASK_SOFT_TIME_LIMIT = TASK_TIME_LIMIT - 3
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True  # a film waits in the broker, where any worker finds it, until its turn comes
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_DEFAULT_QUEUE = "pneumoweb"
# What people submit by hand, and imports of thousands: a worker takes from the second only when the first is empty.
CELERY_TASK_QUEUES = (Queue("pneumoweb"), Queue("pneumoweb-imports"))
CELERY_DB_REUSE_MAX = 1_000_000  # else one connection for each task; diagnosis/worker/startup.py replaces a dead one
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "tidy": {"task": "diagnosis.tasks.tidy", "schedule": 24 * 3600.0, "options": {"expires": 3600}},
}

# ── Logging: to the terminal, in lines a person reads; ids only, never a film's name, a label or a header ─────────
CHATTY = ("celery.beat", "celery.worker.strategy", "celery.app.trace")  # a line for every sweep
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s", "datefmt": "%Y-%m-%d %H:%M:%S%z"}
    },
    "filters": {"person": {"()": "diagnosis.log.WithPerson"}, "not_ready": {"()": "diagnosis.log.NotReadyOnce"}},
    "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["person"]}},
    "root": {"handlers": ["terminal"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["terminal"], "level": LOG_LEVEL, "propagate": False},
        "django.request": {"filters": ["not_ready"]},
        "diagnosis.access": {"level": "INFO"},  # only with ACCESS_LOG=1, and then whatever LOG_LEVEL says
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # a traceback for every scanner that tries a name
        **{name: {"level": "WARNING" if LOG_LEVEL == "INFO" else LOG_LEVEL} for name in CHATTY},
    },
}
