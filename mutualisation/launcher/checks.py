"""What must be true before starting: a port that is free, a disk with room, a secret that lasts."""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from .speech import LauncherError

NEEDED_BYTES = 300_000_000


def read_address() -> tuple[str, int]:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise LauncherError(f"PORT doit être un nombre de 1 à 65535, et non « {port} ».")
    return host, int(port)


def check_port(host: str, port: int) -> None:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closing connection does not count
            tried.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = f"par exemple : make run PORT={port + 1 if port < 65535 else port - 1}"
            raise LauncherError(f"Le port {port} est déjà pris : choisissez-en un autre, {free}.") from error
        if error.errno == errno.EACCES:
            raise LauncherError(f"Le port {port} est réservé au système : choisissez-en un de 1024 à 65535.") from error
        raise LauncherError(f"L’adresse « {host} » (HOST) n’existe pas sur cette machine.") from error


def check_disk(*folders: Path) -> None:
    for folder in folders:
        if shutil.disk_usage(folder).free < NEEDED_BYTES:
            raise LauncherError(
                f"Moins de {NEEDED_BYTES // 1_000_000} Mo libres sur le disque de « {folder} » : "
                "libérez de l’espace, puis relancez."
            )


def lasting_secret(var: Path) -> str:
    """The SECRET_KEY of this copy of the portal: made once, readable by its owner alone."""
    path = var / "secret_key"
    try:
        known = path.read_text("utf-8").strip()
        if len(known) >= 50:
            return known
    except FileNotFoundError:
        pass
    except PermissionError as error:
        raise LauncherError(f"« {path} » appartient à un autre compte : lancez le portail avec ce compte.") from error
    made = secrets.token_urlsafe(50)
    draft = var / "secret_key.new"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)  # whole or not at all
    return made


@contextlib.contextmanager
def only_one(path: Path, sentence: str, *, patience: float = 0) -> Iterator[None]:
    """Hold this lock, or say why not; the system frees it if its holder dies."""
    limit = time.monotonic() + patience
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= limit:
                    raise LauncherError(sentence) from error
                time.sleep(0.1)
        yield
