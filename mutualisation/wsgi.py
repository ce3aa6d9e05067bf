"""The door by which a web server enters the portal."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mutualisation.settings")

application = get_wsgi_application()

# What is loaded now stays as long as the process: looked through again at each collection, it took a fifth of a page.
get_resolver().url_patterns  # noqa: B018 - the addresses lead to everything else
gc.collect()
gc.freeze()
