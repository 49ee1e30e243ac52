"""Settings. Everything that differs between installations comes from the environment (see README)."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded_database
from config.processes import workers
from config.upload_storage import storage_of_uploads

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

# Without a database of its own the site runs on an embedded one, as a demo with invented people.
# A production set-up names its database, and then gets neither demo people nor demo conveniences.
DEMO = env.bool("DEMO", default="DATABASE_URL" not in os.environ)


def _demo_secret() -> str:
    """Return the secret of a demo set-up, made on first use and kept in DATA_DIR."""
    path = DATA_DIR / "secret_key"
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()


DEBUG = False
SECRET_KEY = env("SECRET_KEY", default="") or (_demo_secret() if DEMO else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Set SECRET_KEY to 50 random characters: it signs sessions, and only a demo makes its own."
    )
# A key of their own for pairing codes lets the site's secret be changed without voiding live codes.
PAIRING_CODE_KEY: bytes = hashlib.sha256(
    env("PAIRING_CODE_KEY", default=f"pairing-code:{SECRET_KEY}").encode()
).digest()

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many proxies of ours stand in front: that many addresses at the end of X-Forwarded-For are theirs to vouch for.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

HTTPS = env.bool("HTTPS", default=not DEMO)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "rest_framework",
    "csp",
    "django_htmx",
    "config.apps.SiteConfig",
    "background",
    "accounts",
    "courses",
    "pairing",
    "notices",
    "sis",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.CountingMiddleware",
    "config.middleware.CompressingMiddleware",
    # Of what caches may keep, and nothing else.
    "django.middleware.http.ConditionalGetMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.CanonicalPathMiddleware",
    "config.middleware.ReadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.RetryingMiddleware",
    "config.middleware.PermissionMemoryMiddleware",
    "config.middleware.OwnChangesMiddleware",
    "config.middleware.ActingMiddleware",
    "config.middleware.ReaderMiddleware",
    "config.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
# Logins are unique whatever their case, by an index on upper(login_id), which this check does not know of.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.site.site",
            ]
        },
    }
]


def _database() -> dict[str, Any]:
    """Return what Django needs to know of the database.

    The web server may reach it through a pooler that gives each transaction another session. Jobs, commands and changes
    of the tables need sessions of their own, and so the address in DATABASE_DIRECT_URL if there is one.
    """
    if "DATABASE_URL" not in os.environ:
        return embedded_database.connection(DATA_DIR)
    direct = "DATABASE_DIRECT_URL" in os.environ and not env.bool("SERVES_PAGES", default=False)
    found = env.db_url("DATABASE_DIRECT_URL" if direct else "DATABASE_URL")
    options = found.get("OPTIONS", {})
    if "," in options.get("host", found["HOST"]):
        # Of several servers the one that can be written to: which that is may change at any time.
        found["OPTIONS"] = {"target_session_attrs": "read-write", **options}
    return found


def _connected(found: dict[str, Any], *, connect_timeout: int) -> dict[str, Any]:
    """Return how Django connects to a database that is found at this address."""
    return {
        **found,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        # They would outlive their transaction, and so the session behind a pooler; see accounts/models/rows.py.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        # A database host that vanishes without a word is noticed after a minute, and one that is not there at once.
        "OPTIONS": {
            **{"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
            **{"connect_timeout": connect_timeout, "tcp_user_timeout": 30_000},
            **found.get("OPTIONS", {}),
        },
    }


DATABASES = {"default": _connected(_database(), connect_timeout=5)}
DATABASE_ROUTERS = []
if "DATABASE_REPLICA_URL" in os.environ:
    # For lists that may lag: see accounts/models/replica.py. There is another to ask, so it is waited for shortly.
    DATABASES["replica"] = _connected(env.db_url("DATABASE_REPLICA_URL"), connect_timeout=2)
    DATABASE_ROUTERS = ["accounts.models.replica.Primary"]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "accounts.hashers.SSHAInArgon2Hasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        # What a person of ours has; Django's own users have other fields.
        "OPTIONS": {"user_attributes": ("email", "name", "short_name", "sortable_name", "login_id")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_ADAPTER = "accounts.web.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login_id"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.domain.password_reset_tokens.ResetTokens"  # noqa: S105 a class, not a password
ACCOUNT_FORMS = {
    "login": "accounts.forms.passwords.LoginForm",
    "change_password": "accounts.forms.passwords.ChangePasswordForm",
    "reset_password": "accounts.forms.passwords.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.passwords.ResetPasswordKeyForm",
    "set_password": "accounts.forms.passwords.SetPasswordForm",
}
# Its limits count good tries too, and forget; ours are in accounts/domain/password_limits.py.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SESSION_ENGINE = "accounts.web.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600

# An access token that nobody has used for so many days ends; 0: never.
ACCESS_TOKEN_UNUSED_DAYS = env.int("ACCESS_TOKEN_UNUSED_DAYS", default=365)
# How much the calls of one access token may cost: so many seconds of work at once (0: no limit), and so many in each
# second on the whole, which by default is half of what the site can do.
API_RATE_LIMIT = env.float("API_RATE_LIMIT", default=700)
API_RATE_PER_SECOND = env.float(
    "API_RATE_PER_SECOND", default=max(1, workers() * env.int("WEB_THREADS", default=4) / 2)
)
# Whether `?access_token=` is accepted besides the header: proxies and browsers keep addresses.
ACCESS_TOKEN_IN_QUERY = env.bool("ACCESS_TOKEN_IN_QUERY", default=False)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["courses.api.authentication.ActingAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["accounts.api.renderers.CanvasRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "accounts.api.renderers.CanvasNegotiation",
    "EXCEPTION_HANDLER": "accounts.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# What apps have to say on the home of whoever runs accounts: see accounts/domain/admin_home.py.
HOME_WAITING = [
    "pairing.domain.admin_home.reports",
    "pairing.domain.admin_home.waiting",
    "sis.admin_home.waiting",
    "sis.admin_home.late",
]
HOME_STEPS = [
    "courses.domain.admin_home.first_steps",
    "sis.admin_home.first_steps",
    "pairing.domain.admin_home.first_steps",
]
# What each app keeps for how long: see accounts/domain/retention.py.
RETENTION = [
    "accounts.domain.retention.KEPT",
    "pairing.domain.retention.KEPT",
    "notices.domain.retention.KEPT",
    "sis.retention.KEPT",
    "courses.domain.retention.KEPT",
]
# What must not come back with a backup, by its name, and what ends it: see accounts/domain/site_restore.py.
AFTER_RESTORE = {
    "sessions": "accounts.domain.site_restore.end_all_sessions",
    "access tokens": "accounts.domain.site_restore.end_all_tokens",
    "pairing codes": "pairing.domain.redemption.revoke_all",
    "roster imports": "sis.imports.queue.abort_all",
}
# How many courses are in each of some accounts; see accounts/api/account_includes.py.
COUNT_COURSES = "courses.domain.course_lists.count_courses"
# Whose time is read by whoever has chosen no time zone; see accounts/web/site.py.
ZONE_OF_SCHOOL = "courses.domain.time_zone.zone_of_school"
# Who has Observing in the main navigation, likewise.
OBSERVES = "courses.access.courses.observes"

# Roster imports: the largest upload, and for how many days uploads and messages are kept.
SIS_LARGEST_UPLOAD = env.int("SIS_LARGEST_UPLOAD", default=5 * 2**30)
SIS_KEEP_DAYS = env.int("SIS_KEEP_DAYS", default=30)
# A folder of folders in which other systems put roster files: see sis/imports/inbox.py.
SIS_INBOX = env("SIS_INBOX", default="")
# Where each app declares its background jobs: see background/queue.py.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

UPLOADS = env("UPLOADS", default="database")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "uploads": storage_of_uploads(UPLOADS),
    "staticfiles": {"BACKEND": "config.static_files.StaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# A mail server that does not answer holds a job up for so many seconds.
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Observer Pairing <no-reply@localhost>")
vars().update(env.email_url("EMAIL_URL", default="consolemail://" if DEMO else "smtp://localhost:25"))

# Told to end, a node that serves goes on for so long while /readyz says so: see config/drain.py.
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=0)

# With this token Prometheus may ask for /metrics; and what each app counts for it: see config/metrics.py.
METRICS_TOKEN = env("METRICS_TOKEN", default="")
METRICS = ["background.metrics.figures", "accounts.metrics.figures", "pairing.metrics.figures", "sis.metrics.figures"]

# SQL statements that take longer are logged, without their parameters; 0: none.
SLOW_STATEMENT_SECONDS = env.float("SLOW_STATEMENT_SECONDS", default=1.0)
# Error reports carry no request data and no variables: either may hold a pairing code or a password.
DEFAULT_EXCEPTION_REPORTER = "config.logs.BareExceptionReporter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
        "json": {"()": "config.logs.JsonLines"},
    },
    "filters": {
        "refusals": {"()": "config.logs.WithoutTracebackOfRefusals"},
        "request_id": {"()": "config.logs.WithRequestId"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if env("LOG_FORMAT", default="plain") == "json" else "plain",
            "filters": ["refusals", "request_id"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
