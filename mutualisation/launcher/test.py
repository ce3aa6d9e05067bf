"""`make test`: linters, types, contracts, then every test, on a database of its own; stops at the first failure."""

import contextlib
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from . import postgres
from .checks import only_one
from .places import PROJECT, make_folder, var_folder
from .processes import dies_with_parent, follow_make, stop_group
from .speech import LauncherError, say, speaking


def steps() -> list[tuple[str, list[str]]]:
    manage = [sys.executable, "manage.py"]
    return [
        ("Style du code", [_tool("ruff"), "check"]),
        ("Mise en forme du code", [_tool("ruff"), "format", "--check"]),
        ("Gabarits", [_tool("djlint"), "--lint", "--quiet", "templates"]),
        ("Types", [_tool("mypy")]),
        ("Contrats d’importation", [_tool("lint-imports")]),
        ("Migrations à jour", [*manage, "makemigrations", "--check", "--dry-run"]),
        ("Vérifications de déploiement", [*manage, "check", "--deploy", "--fail-level", "ERROR"]),
        ("Tests", [sys.executable, "-m", "pytest", *shlex.split(os.environ.get("PYTEST_ARGS", ""))]),
    ]


def main() -> int:
    follow_make()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with (
            only_one(
                make_folder(var_folder()) / "test.lock",
                "Des tests tournent déjà depuis ce dossier : attendez leur fin.",
            ),
            _database(),
        ):
            os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
            os.environ["DEBUG"] = "0"
            for title, command in steps():
                say(f"\n── {title}")
                started = time.monotonic()
                if _run(command):
                    raise LauncherError(f"{title} : échec.")
                say(f"   {time.monotonic() - started:.1f} s")
    except KeyboardInterrupt:
        return 130
    say("\n✓ Tout est bon.")
    return 0


def _leave(number: int, frame: object) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(command: list[str]) -> int:
    child = subprocess.Popen(command, cwd=PROJECT, start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM))
    try:
        return child.wait()
    finally:
        stop_group(child.pid)


@contextlib.contextmanager
def _database() -> Iterator[None]:
    if os.environ.get("DATABASE_URL"):
        postgres.check_given(os.environ["DATABASE_URL"])
        yield
        return
    cluster = postgres.find_cluster(test=True)
    ours = postgres.start(cluster, attached=True)
    os.environ["DATABASE_URL"] = cluster.url
    try:
        yield
    finally:
        if ours:  # one that was already running belongs to a developer
            postgres.stop(cluster)


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


if __name__ == "__main__":
    sys.exit(speaking(main))
