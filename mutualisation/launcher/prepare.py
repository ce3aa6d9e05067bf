"""Prepares the portal in one process, where four would each start Django: migrations, demo content, static files.

What was prepared, and from what, is written last: the next start finds it and has nothing to prepare.
"""

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from mutualisation.launcher.places import PROJECT, var_folder

STAMP = "prepared.json"
SETTINGS = ("DATABASE_URL", "SITE_URL", "DEMO", "DEBUG")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mutualisation.settings")
    stamp, before, accounts = var_folder() / STAMP, _read(), io.StringIO()
    stamp.unlink(missing_ok=True)
    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("demo", "--once")
        call_command("demo", "--accounts", stdout=accounts)
        static = _digest(_static_sources())
        if os.environ.get("DEBUG") != "1" and (before.get("static") != static or not _static_root().exists()):
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    except (CommandError, ImproperlyConfigured) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    static = static if os.environ.get("DEBUG") != "1" else ""
    found = {"everything": _everything(), "static": static, "accounts": accounts.getvalue().rstrip()}
    draft = stamp.with_suffix(".new")
    draft.write_text(json.dumps(found), "utf-8")
    draft.replace(stamp)
    return 0


def is_prepared() -> bool:
    """Whether nothing that preparation reads has changed since; what the database holds is for /sante/ to tell."""
    return _read().get("everything") == _everything() and (os.environ.get("DEBUG") == "1" or _static_root().exists())


def demo_accounts() -> str:
    """What to sign in as, as the last preparation found it."""
    return _read().get("accounts", "")


def _read() -> dict[str, str]:
    try:
        return json.loads((var_folder() / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _static_root() -> Path:
    return var_folder() / "static"


def _static_sources() -> list[Path]:
    """Every static file of ours; for those of the dependencies, the lock suffices."""
    return [PROJECT / "static", *sorted(PROJECT.glob("*/static")), PROJECT / "mutualisation" / "settings.py"]


def _everything() -> str:
    folders = [PROJECT / "fixtures", PROJECT / "mutualisation" / "management", *sorted(PROJECT.glob("*/migrations"))]
    asked = [f"{name}={os.environ.get(name, '')}" for name in SETTINGS]
    return _digest([*_static_sources(), *folders], *asked)


def _digest(places: list[Path], *words: str) -> str:
    """A mark of the path, size and time of each of these files, and of the dependencies."""
    files = [path for place in places for path in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    files.append(PROJECT / "requirements.txt")
    lines = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files if _counts(path)]
    return hashlib.sha256("\n".join([*words, *lines]).encode()).hexdigest()


def _counts(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc"


if __name__ == "__main__":
    sys.exit(main())
