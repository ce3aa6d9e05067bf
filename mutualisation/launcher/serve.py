"""What each worker of the web server loads: the portal, tied to the life of the server that started it."""

import signal

from mutualisation.launcher.processes import die_with_parent
from mutualisation.wsgi import application

die_with_parent(signal.SIGKILL)  # the server was killed: a worker left alone would keep the port

__all__ = ["application"]
