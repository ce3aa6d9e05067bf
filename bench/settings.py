"""The settings of production, with what measuring needs: constant pages, captured SQL, an empty cache on demand."""

from mutualisation.settings import *  # noqa: F403
from mutualisation.settings import MIDDLEWARE as _MIDDLEWARE

ROOT_URLCONF = "bench.urls"
MIDDLEWARE = ["bench.middleware.tools", *_MIDDLEWARE]
