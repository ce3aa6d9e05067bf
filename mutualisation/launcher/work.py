"""The worker of `make run`: sends e-mail and does what is scheduled, beside the web server, tied to the launcher."""

import os
import signal
import sys

import django

from mutualisation.launcher.processes import die_with_parent


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mutualisation.settings")
    die_with_parent(signal.SIGTERM)
    django.setup()
    from django.apps import apps

    if not apps.is_installed("procrastinate.contrib.django"):
        return 0
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()) as working:  # type: ignore[attr-defined]
        working.run_worker(concurrency=2, shutdown_graceful_timeout=5, delete_jobs="successful")
    return 0


if __name__ == "__main__":
    sys.exit(main())
