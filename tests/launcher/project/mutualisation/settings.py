"""The few settings that the launcher relies on, read as the real ones are."""

from pathlib import Path

import environ

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env.bool("DEBUG")
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
VAR_DIR = Path(env.str("VAR_DIR"))
INSTALLED_APPS = ["notes", "django.contrib.staticfiles"]
ROOT_URLCONF = "notes.views"
DATABASES = {"default": {**env.db_url_config(env.str("DATABASE_URL")), "CONN_HEALTH_CHECKS": True}}
STATIC_URL, STATIC_ROOT, STATICFILES_DIRS = "/static/", VAR_DIR / "static", [BASE_DIR / "static"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
