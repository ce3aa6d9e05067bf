"""One file, everything from the environment; what is missing or wrong is said in a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, sentence: str) -> str:
    """The value of an environment variable, or a sentence that says what to do."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} n’est pas défini. {sentence}")
    return value


DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
SECRET_KEY = required(
    "SECRET_KEY", "Donnez une longue chaîne au hasard, gardée secrète (`make run` en crée une sous var/)."
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VERSION = env.str("VERSION", default="0.1")
# What pages are revalidated by, with the data: it moves when a template does, even if nobody changes VERSION.
BUILD = f"{VERSION}-{max(int(p.stat().st_mtime) for p in (BASE_DIR / 'templates').rglob('*.html'))}"

# The portal: another region changes these and its data, nothing else.
PORTAL_NAME = env.str("PORTAL_NAME", default="Mutualisation")
PORTAL_REGION = env.str("PORTAL_REGION", default="Ouest de la Montérégie")
PORTAL_TERRITORIES = env.list(
    "PORTAL_TERRITORIES",
    default=[
        "mrc-vaudreuil-soulanges",
        "mrc-beauharnois-salaberry",
        "mrc-le-haut-saint-laurent",
        "mrc-les-jardins-de-napierville",
        "mrc-roussillon",
    ],
)
PORTAL_HOLIDAYS = env.str("PORTAL_HOLIDAYS", default="CA-QC")  # country-region; empty: no public holidays
# Who answers for it, shown at the foot of pages and in the legal ones; empty, those pages say that it is missing.
PORTAL_OPERATOR = env.str("PORTAL_OPERATOR", default="")  # name, and address if wished
PORTAL_HOST = env.str("PORTAL_HOST", default="")  # who keeps the data, and where
PORTAL_EMAIL = env.str("PORTAL_EMAIL", default="")  # where one writes to the team
PORTAL_PRIVACY_OFFICER = env.str("PORTAL_PRIVACY_OFFICER", default="")  # title and e-mail (P-39.1, art. 3.1)

INSTALLED_APPS = [
    "accounts",
    "directory",
    "toolbox",
    "loans",
    "projects",
    "mutualisation",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django.contrib.postgres",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
]

MIDDLEWARE = [
    "mutualisation.kernel.requests.without_nul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.StaffSecondFactorMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mutualisation.urls"
WSGI_APPLICATION = "mutualisation.wsgi.application"

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
                "mutualisation.pages.context.portal",
            ],
            "builtins": ["mutualisation.templatetags.ui", "django.templatetags.static", "django.templatetags.i18n"],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# One dialect: PostgreSQL, 15 or newer.
DATABASES = {
    "default": {
        **env.db_url_config(
            required("DATABASE_URL", "Donnez l’adresse d’un PostgreSQL ≥ 15, ou lancez le portail par `make run`.")
        ),
        "CONN_HEALTH_CHECKS": True,  # with the pool: survive a restart of the database
        "ATOMIC_REQUESTS": False,
    }
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL doit désigner une base PostgreSQL (postgres://…).")
if not DEBUG and not TESTING:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}

# Facets sort and hash in memory; one page's query never takes both cores from the others. What DATABASE_URL says wins.
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options["options"] = " ".join(
    ("-c work_mem=32MB -c max_parallel_workers_per_gather=0 -c jit=off", str(_options.get("options", "")))
).strip()

# What all the processes must agree on (rate limits) is in the database; what is only quicker, in each one's memory.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 500}},
}

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]  # one: the same time for all answers
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_space"

# Sign-in by e-mail, with a password or a code; nobody learns whether an address has an account.
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmEmailCodeForm",
    "confirm_password_reset_code": "accounts.forms.ConfirmPasswordResetCodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "add_email": "accounts.forms.ChangeEmailForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True  # typed by a person: mail scanners that open links change nothing
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = None  # asked: many computers are shared
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)  # rate limits count the visitor’s address
USERSESSIONS_TRACK_ACTIVITY = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.SecondFactorAgainForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.EditPasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PORTAL_NAME
MFA_TOTP_TOLERANCE = 1  # a phone’s clock may be half a minute off
DEMO = env.bool("DEMO", default=False)
# Curators and administrators must have a second factor; not in the demonstration, whose passwords are printed.
REQUIRE_STAFF_MFA = env.bool("REQUIRE_STAFF_MFA", default=not DEMO)
# A figure of the portrait that comes from loans is given when at least so many lend, and so many borrow.
PORTRAIT_LEAST = env.int("PORTRAIT_LEAST", default=3)
MAIL_KEPT_DAYS = env.int("MAIL_KEPT_DAYS", default=90)
HOUR_VALUE = env.int("HOUR_VALUE", default=25)  # dollars an hour given to a project is worth, unless the project says
# Agreements: how long the signatures are awaited (less when the loan begins before), and the judicial district of a
# place, by its slug or its MRC's. Only what is sure: what a portal's table leaves out is asked of the lender.
AGREEMENT_SIGN_DAYS = env.int("AGREEMENT_SIGN_DAYS", default=30)
JUDICIAL_DISTRICTS = env.dict("JUDICIAL_DISTRICTS", default={
    "mrc-beauharnois-salaberry": "Beauharnois", "mrc-vaudreuil-soulanges": "Beauharnois",
    "mrc-le-haut-saint-laurent": "Beauharnois", "chateauguay": "Beauharnois",
    "mrc-longueuil": "Longueuil", "mrc-montreal": "Montréal", "mrc-laval": "Laval",
})  # fmt: skip
CONSENT_VERSION = env.str("CONSENT_VERSION", default="2026-11")  # of the texts that one agrees to

# E-mail: EMAIL_URL=smtp://…; in demo mode nothing leaves, /courriels/ shows what would have.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{PORTAL_NAME} <portail@portail.example>")
vars().update(env.email_url("EMAIL_URL", default="dummymail://" if DEMO else "consolemail://"))

LANGUAGE_CODE = "fr-ca"
LANGUAGES = [("fr-ca", _("Français"))]  # English comes with its catalogue
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "mutualisation.formats"
TIME_ZONE = env.str("TIME_ZONE", default="America/Toronto")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
FILE_UPLOAD_HANDLERS = [
    "mutualisation.kernel.uploads.BoundedUploadHandler",  # first: what is too large never fills the disk
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG or TESTING
WHITENOISE_MAX_AGE = 60 * 60 * 24  # what has no fingerprint: a day; what has one: ten years
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORMS_URLFIELD_ASSUME_HTTPS = True

# Nothing from elsewhere, nothing inline.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", default=False)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BEHIND_HTTPS  # passkeys at http://localhost, when trying the portal
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_HTTPS
if BEHIND_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
else:
    # Said once here: `make run` serves plain HTTP on this machine only.
    SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
