"""
The one settings file. All configuration comes from `DINH_*` variables (and PORT); bad values are refused
with a message that names the variable.
"""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from dinh.config.environment import Environment
from dinh.kernel import logging as house_logging

env = Environment(gathers=True)
PACKAGE = Path(__file__).resolve().parent.parent

DEMO = env.flag("DINH_DEMO", default=False)
DEMO_LETTERS = env.flag("DINH_DEMO_LETTERS", default=True)
DATA_DIR = env.path("DINH_DATA_DIR", default="var")
SECRET_KEY = env.secret("DINH_SECRET_KEY", file=DATA_DIR / "secret-key")
DEBUG = env.flag("DINH_DEBUG", default=False)
ALLOWED_HOSTS = env.hosts("DINH_ALLOWED_HOSTS", default="127.0.0.1 localhost testserver")
CSRF_TRUSTED_ORIGINS = env.urls("DINH_TRUSTED_ORIGINS")
PORT = env.port("PORT", default=8000)
BASE_URL = env.url("DINH_BASE_URL", default=f"http://127.0.0.1:{PORT}")
SANDBOX_URL = env.url("DINH_SANDBOX_URL", default=f"http://127.0.0.1:{PORT + 1}")
GATEWAY_PORT = env.port("DINH_GATEWAY_PORT", default=PORT + 3)
GATEWAY_URL = env.url("DINH_GATEWAY_URL", default=f"http://127.0.0.1:{GATEWAY_PORT}")
EXCHANGE_KEYS = env.file("DINH_EXCHANGE_KEYS") or (str(DATA_DIR / "demo-exchange-keys.json") if DEMO else "")
TIMESTAMP_URL = env.url("DINH_TIMESTAMP_URL", default=f"{SANDBOX_URL}/tsa" if DEMO else "")

MAX_VERIFIED_BYTES = env.number("DINH_MAX_VERIFIED_MB", default=50, least=1) * 1024 * 1024
SEAL_KEY = env.file("DINH_SEAL_KEY")
SEAL_CERTIFICATE = env.file("DINH_SEAL_CERTIFICATE")
TRUST_ANCHORS = env.files("DINH_TRUST_ANCHORS")
TOTP_ROLES = env.words("DINH_TOTP_ROLES", default="")
PKCS11_MODULE = env.file("DINH_PKCS11_MODULE")
PKCS11_PIN = env.text("DINH_PKCS11_PIN", default="")
SMTP_URL = env.text("DINH_SMTP_URL", default="")
globals().update(env.mail_server("DINH_SMTP_URL"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.matching(
    "DINH_MAIL_FROM", default="dinh@localhost", form=r"[^@<>]+@[^@<>\s]+|[^<>]*<[^@<>\s]+@[^@<>\s]+>",
    told="an address of mail such as dinh@backan.gov.vn",
)  # fmt: skip
REMOTE_SIGNING_URL = env.url("DINH_REMOTE_SIGNING_URL", default=f"{SANDBOX_URL}/csc/v2" if DEMO else "")
REMOTE_SIGNING_TOKEN = env.text("DINH_REMOTE_SIGNING_TOKEN", default="")
SIGNING_PLUGIN_URL = env.url("DINH_SIGNING_PLUGIN_URL", default="ws://127.0.0.1:8987", schemes=("ws", "wss"))
CLAMAV = env.url("DINH_CLAMAV", default="", schemes=("tcp", "unix"))
LAW_DIR = env.folder("DINH_LAW_DIR")
PROVINCE_CODE = env.matching(
    "DINH_PROVINCE_CODE", default="H03", form=r"[A-Z]\d{2}", told="a letter and two digits such as H03"
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "django_prometheus",
    "procrastinate.contrib.django",
    "dinh.kernel",
    "dinh.pki",
    "dinh.storage",
    "dinh.audit",
    "dinh.directory",
    "dinh.notify",
    "dinh.worklist",
    "dinh.signing",
    "dinh.exchange",
    "dinh.records",
    "dinh.documents",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "dinh.kernel.logging.RequestIdMiddleware",
    "dinh.kernel.requests.NulFreeQueryMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dinh.kernel.rest.ProblemMiddleware",
    "dinh.kernel.compression.PageCompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dinh.directory.middleware.CurrentAppointmentMiddleware",
    "dinh.kernel.idempotency.IdempotencyMiddleware",
    "dinh.kernel.requests.RefusedMethodMiddleware",
    "dinh.kernel.requests.MissingPageMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "dinh.config.urls"
WSGI_APPLICATION = "dinh.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["dinh.kernel.templatetags.dates"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dinh.kernel.context.shell",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {"environment": "dinh.kernel.jinja.environment"},
    },
]
FORM_RENDERER = "django.forms.renderers.Jinja2"

DATABASES = {
    "default": env.database("DINH_DATABASE_URL", default="postgresql://postgres@127.0.0.1:5432/dinh")
}
if env.flag("DINH_DATABASE_PREPARES", default=True):
    DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.Account"
AUTHENTICATION_BACKENDS = ["dinh.directory.backends.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "directory:sign_in"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
FORMAT_MODULE_PATH = ["dinh.config.formats"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
S3_BUCKET = env.matching(
    "DINH_S3_BUCKET",
    default="",
    form=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    told="3 to 63 small letters, digits, dots and hyphens",
)
BLOBS_IN_S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "endpoint_url": env.url("DINH_S3_ENDPOINT", default="") or None,
        "region_name": env.text("DINH_S3_REGION", default="") or None,
        "access_key": env.text("DINH_S3_ACCESS_KEY", default="") or None,
        "secret_key": env.text("DINH_S3_SECRET_KEY", default="") or None,
        "default_acl": None,
    },
}
BLOBS_IN_FOLDER = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": str(DATA_DIR / "blobs")},
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "blobs": BLOBS_IN_S3 if S3_BUCKET else BLOBS_IN_FOLDER,
}

SESSION_ENGINE = "dinh.directory.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
HTTPS = env.flag("DINH_HTTPS", default=False)
TRUSTED_PROXIES = env.networks("DINH_TRUSTED_PROXIES", default="127.0.0.1/32 ::1/128" if HTTPS else "")
SIGN_IN_FAILURES_PER_ADDRESS = env.number("DINH_SIGN_IN_FAILURES_PER_ADDRESS", default=50)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
ORPHANS_KEPT_DAYS = env.number("DINH_ORPHANS_KEPT_DAYS", default=7, least=2)
EXCHANGE_LOCAL_PROVIDERS = env.flag("DINH_EXCHANGE_LOCAL_PROVIDERS", default=DEMO)
EXCHANGE_LOG_MONTHS = env.number("DINH_EXCHANGE_LOG_MONTHS", default=12)
MAX_UPLOAD_BYTES = env.number("DINH_MAX_UPLOAD_MB", default=200, least=1) * 1024 * 1024

LOGGING = house_logging.configure(
    level=env.one_of("DINH_LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
    form=env.one_of("DINH_LOG_FORMAT", ("json", "text")),
)
PROMETHEUS_EXPORT_MIGRATIONS = False

# Read by the commands that start processes; judged here with the others.
for _name in ("DINH_WEB_WORKERS", "DINH_WEB_THREADS", "DINH_WORKER_CONCURRENCY"):
    env.number(_name, default=1, least=1)
for _name in ("DINH_HOST", "DINH_GATEWAY_HOST", "DINH_WIRE_HOST", "DINH_CALLER_TLS_HOST"):
    env.host(_name)
env.one_of("DINH_LANGUAGE", ("vi", "en"))
env.together("DINH_SEAL_KEY", "DINH_SEAL_CERTIFICATE")
env.together("DINH_S3_ACCESS_KEY", "DINH_S3_SECRET_KEY")
for _name in ("DINH_S3_ENDPOINT", "DINH_S3_REGION", "DINH_S3_ACCESS_KEY"):
    env.needs(_name, "DINH_S3_BUCKET")
env.needs("DINH_PKCS11_PIN", "DINH_PKCS11_MODULE")
env.needs("DINH_REMOTE_SIGNING_TOKEN", "DINH_REMOTE_SIGNING_URL")
env.refuse()
