"""Prepares the portal in one process, where four would each start Django: migrations, demo content, static files."""

import os
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from mutualisation.launcher.places import PROJECT, var_folder


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mutualisation.settings")
    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("demo", "--once")
        if os.environ.get("DEBUG") != "1":
            _collect_static()
    except (CommandError, ImproperlyConfigured) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    return 0


def _collect_static() -> None:
    """Only when a source changed: fingerprinting and compressing them is the slowest step of a second start."""
    from django.conf import settings

    stamp, seen = var_folder() / "static.stamp", _static_sources()
    if stamp.exists() and stamp.read_text("utf-8") == seen and Path(settings.STATIC_ROOT).exists():
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(seen, "utf-8")


def _static_sources() -> str:
    """Path, size and time of every static file of ours; for those of the dependencies, the lock suffices."""
    folders = [PROJECT / "static", *sorted(PROJECT.glob("*/static")), PROJECT / "mutualisation" / "settings.py"]
    files = [path for folder in folders for path in (sorted(folder.rglob("*")) if folder.is_dir() else [folder])]
    files.append(PROJECT / "requirements.txt")
    lines = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files if path.is_file()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
