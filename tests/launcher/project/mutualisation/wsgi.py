"""The door by which a web server enters the portal."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mutualisation.settings")

application = get_wsgi_application()
