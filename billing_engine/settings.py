"""All settings. Those of the machine come from the environment; `.env.example` lists them."""

import os
from importlib.util import find_spec
from pathlib import Path

import django_stubs_ext
import environ

from billing_engine import service_addresses
from billing_engine.api_settings import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 -- of the API
from billing_engine.engine_settings.login_settings import APPS, login_settings
from billing_engine.engine_settings.storage_settings import file_storage, outside_storage, storages
from billing_engine.engine_settings.task_settings import ROUTES, SWEEPS, TRANSPORT
from billing_engine.menu import UNFOLD  # noqa: F401 -- the setting of django-unfold
from billing_engine.operations.database_stalls.connection import TIMES, WatchedConnection
from billing_engine.operations.monitoring.logs import JSON, LEVELS, LINES, logging_config
from billing_engine.operations.monitoring.trusted_proxies import networks
from billing_engine.operations.required_settings import need, one_of, refuse_what_is_missing

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
need(os.environ)

# --- The machine --------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
DATABASES = {
    "default": service_addresses.database(
        env.str("DATABASE_URL", default=""),
        # If the parts are separate secrets, as in RDS.
        host=env.str("DATABASE_HOST", default=""),
        port=env.int("DATABASE_PORT", default=5432),
        name=env.str("DATABASE_NAME", default="engine"),
        user=env.str("DATABASE_USER", default=""),
        password=env.str("DATABASE_PASSWORD", default=""),
        sslmode=env.str("DATABASE_SSLMODE", default="require"),
        sslrootcert=env.str("DATABASE_SSLROOTCERT", default=""),
    )
}
# Only for `migrate`: the administrator who makes the logins, the login that all else uses, and the one that only reads.
DATABASE_ADMIN = (env.str("DATABASE_ADMIN_USER", default=""), env.str("DATABASE_ADMIN_PASSWORD", default=""))
DATABASE_APP = (env.str("DATABASE_APP_USER", default=""), env.str("DATABASE_APP_PASSWORD", default=""))
DATABASE_READER = (env.str("DATABASE_READER_USER", default=""), env.str("DATABASE_READER_PASSWORD", default=""))
# A read replica, a moment behind, for reports; empty: they read from the database itself.
COPY_DATABASE_URL = env.str("COPY_DATABASE_URL", default="")
REDIS_URL = service_addresses.broker(
    env.str("REDIS_URL", default=""),
    host=env.str("REDIS_HOST", default=""),
    port=env.int("REDIS_PORT", default=6379),
    password=env.str("REDIS_PASSWORD", default=""),
    tls=env.bool("REDIS_TLS", default=True),
)
LOG_LEVEL = one_of("LOG_LEVEL", env.str("LOG_LEVEL", default="INFO").upper(), LEVELS)
LOG_FORMAT = one_of("LOG_FORMAT", env.str("LOG_FORMAT", default=JSON if HTTPS else LINES), (JSON, LINES))
# The proxies whose X-Request-ID and X-Forwarded-For are trusted: NGINX, which runs next to gunicorn.
PROXIES = networks("PROXIES", env.list("PROXIES", default=["127.0.0.1", "::1"]))
# Who may read /metrics: callers with the token, or from these networks without a proxy in between.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = networks(
    "METRICS_NETWORKS", env.list("METRICS_NETWORKS", default=[] if HTTPS else ["127.0.0.1", "::1"])
)
SENTRY_DSN = env.str("SENTRY_DSN", default="")
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
# Requests per minute for sources without their own limit; 0 for no limit.
REQUESTS_PER_MINUTE = env.int("REQUESTS_PER_MINUTE", default=6_000)
CUSTOMER_REQUESTS_PER_MINUTE = env.int("CUSTOMER_REQUESTS_PER_MINUTE", default=300)  # for each key of a customer
FOUR_EYES = env.bool("FOUR_EYES", default=False)
ADJUSTER_APPROVES = env.bool("ADJUSTER_APPROVES", default=False)
# Log-in: roles that need a second factor, and how long a session, a pause and a confirmed password last.
MFA_REQUIRED_ROLES = env.list("MFA_REQUIRED_ROLES", default=[])
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=60)
RECENT_LOGIN_MINUTES = env.int("RECENT_LOGIN_MINUTES", default=15)
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", default=30)  # how long the bytes of an imported file are kept
# Where uploaded files are kept: in a bucket of S3 or, without one, in a folder that web and workers share.
FILES_BUCKET = env.str("FILES_BUCKET", default="")
FILES_FOLDER = env.str("FILES_FOLDER", default="") or str(BASE_DIR / "var" / "files")
# The host of the customers' portal, such as billing.example.com; empty: it is under /portal/ on every host.
PORTAL_HOST = env.str("PORTAL_HOST", default="")
# The portal's color, such as #24489a, and the address of its logo; empty: ours.
PORTAL_COLOR = env.str("PORTAL_COLOR", default="")
PORTAL_LOGO = env.str("PORTAL_LOGO", default="")
# The identity provider of staff (OpenID Connect), if any, and the roles of its groups.
IDENTITY_PROVIDER = {
    "issuer": env.str("OIDC_ISSUER", default=""),
    "client_id": env.str("OIDC_CLIENT_ID", default=""),
    "secret": env.str("OIDC_CLIENT_SECRET", default=""),
    "name": env.str("OIDC_NAME", default="your company account"),
}
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
OIDC_ROLES = env.dict("OIDC_ROLES", default={})
# The CloudWatch namespace of the metrics that beat writes; empty for none.
METRICS_NAMESPACE = env.str("METRICS_NAMESPACE", default="")

# Webhooks are sent to public addresses by HTTPS only; tests have their receivers on this machine.
WEBHOOKS_REACH_LOOPBACK = False

# Paying online by Stripe: off unless the address and both secrets are set. Tests have a server of their own.
ONLINE_PAYMENTS = {
    "secret_key": env.str("STRIPE_SECRET_KEY", default=""),
    "webhook_secret": env.str("STRIPE_WEBHOOK_SECRET", default=""),
    "api_base": env.str("STRIPE_API_BASE", default="https://api.stripe.com"),
    "site": env.str("PUBLIC_URL", default="").rstrip("/"),
}

# The seller for customers without a company of ours; copied to each invoice when it is issued.
SELLER = {
    "name": env.str("SELLER_NAME", default="Lead Billing Engine"),
    "address": env.str("SELLER_ADDRESS", default="").replace("\\n", "\n"),
    "tax_id": env.str("SELLER_TAX_ID", default=""),
    "email": env.str("SELLER_EMAIL", default=""),
    "pay_to": env.str("SELLER_PAY_TO", default="").replace("\\n", "\n"),
    "detail_url": env.str("SELLER_DETAIL_URL", default=""),
    "number_prefix": env.str("SELLER_NUMBER_PREFIX", default="INV-{year}-"),
    "number_digits": 6,
}

# The private key that proofs of invoices are signed with (Ed25519, 64 hexadecimal digits); empty: no proofs.
PROOF_SIGNING_KEY = env.str("PROOF_SIGNING_KEY", default="")
PSEUDONYM_KEY = env.str("PSEUDONYM_KEY", default="")  # stands for erased people; empty: erasing is off
# Old raw bodies and the ledger of erasures: in a bucket of S3 or, without one, in a folder.
ARCHIVE = {
    "bucket": env.str("ARCHIVE_BUCKET", default=""),
    "region": env.str("ARCHIVE_REGION", default=""),
    "folder": env.str("ARCHIVE_FOLDER", default="") or str(BASE_DIR / "var" / "archive"),
}
ARCHIVE_AFTER_DAYS = env.int("ARCHIVE_AFTER_DAYS", default=90 if ARCHIVE["bucket"] else 0)  # 0: they stay here

# How emails are sent: smtp+tls://user:password@host:587; if empty, they are written to the log.
EMAIL = env.email_url_config(env.str("EMAIL_URL", default="") or "consolemail://")
# Logged emails leave out addresses and bodies.
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"].replace(
    "django.core.mail.backends.console", "billing_engine.operations.log_mail"
)
EMAIL_HOST, EMAIL_PORT = EMAIL["EMAIL_HOST"] or "localhost", EMAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"] or "", EMAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_TLS", False), EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = f"/{EMAIL['EMAIL_FILE_PATH']}"  # django-environ takes the first slash for a part of the scheme
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="") or SELLER["email"] or "billing@localhost"

# --- The application ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "billing_engine.core",  # before Unfold: some of its templates are replaced
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "billing_engine.apps.BillingAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    *APPS,
    "rest_framework",
    "django_celery_beat",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *("leads", "pricing", "invoices", "receivables", "reports", "portal"),
    "billing_engine.apps.BillingEngineConfig",
]

# The linter for migrations, if it is installed.
INSTALLED_APPS += [app for app in ("django_migration_linter",) if find_spec(app)]

MIDDLEWARE = [
    "billing_engine.operations.monitoring.request_log.RequestsMiddleware",
    "billing_engine.operations.database_stalls.admission.PlacesMiddleware",
    "billing_engine.operations.health.HealthMiddleware",
    "billing_engine.operations.monitoring.metrics_page.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "billing_engine.accounts.login.door.DoorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "billing_engine.accounts.login.middleware.SessionMiddleware",
    "billing_engine.core.api.unreadable_addresses.OddAddressesMiddleware",
]

ROOT_URLCONF = "billing_engine.urls"
vars().update(
    login_settings(
        HTTPS, REDIS_URL, hours=SESSION_HOURS, recent_minutes=RECENT_LOGIN_MINUTES, provider=IDENTITY_PROVIDER
    )
)
WSGI_APPLICATION = "billing_engine.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

if COPY_DATABASE_URL:
    DATABASES["copy"] = env.db_url_config(COPY_DATABASE_URL)
for database in DATABASES.values():
    database["CONN_MAX_AGE"] = 60
    database["CONN_HEALTH_CHECKS"] = True
    # Options in an address override these.
    database["OPTIONS"] = TIMES | database.get("OPTIONS", {}) | {"connection_factory": WatchedConnection}
DATABASE_ROUTERS = ["billing_engine.core.read_replica.CopyRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = storages(archive=outside_storage(**ARCHIVE), files=file_storage(bucket=FILES_BUCKET, folder=FILES_FOLDER))

# Above the limit of a delivery (leads/domain/limits.py), so that the API refuses it with its own message.
DATA_UPLOAD_MAX_MEMORY_SIZE = 21 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Security -----------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "billing_engine.error_pages.form_expired"

if HTTPS:
    refuse_what_is_missing(
        debug=DEBUG,
        secret_key=SECRET_KEY,
        hosts=os.environ.get("ALLOWED_HOSTS", ""),
        database=DATABASES["default"],
        redis_url=REDIS_URL,
        metrics_token=METRICS_TOKEN,
    )

# --- Workers ------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = TRANSPORT
# Far longer than any task that succeeds, and shorter than visibility_timeout. First the task may clean up, then its
# process is killed. Emails and PDFs have their own, much shorter limits.
CELERY_TASK_SOFT_TIME_LIMIT = 30 * 60
CELERY_TASK_TIME_LIMIT = 35 * 60
# KiB, above which a process is replaced: a worker has two, and so has its sister for emails and PDFs (6 GB on AWS).
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = ROUTES
CELERY_WORKER_CONSUMER = "billing_engine.operations.consumer:BeatingConsumer"
CELERY_BEAT_SCHEDULER = "billing_engine.operations.beat:BeatingScheduler"
CELERY_IMPORTS = ("billing_engine.operations.approvals", "billing_engine.operations.deeds")
# Beat restores these when it starts; what users may change is in billing_engine/operations/schedule.py.
CELERY_BEAT_SCHEDULE = SWEEPS

# --- Logs ---------------------------------------------------------------------------------------

LOGGING = logging_config(form=LOG_FORMAT, level=LOG_LEVEL)
