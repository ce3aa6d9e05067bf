"""Starts the real server, with the settings of production, on a free port of this machine; stops it by its number."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mutualisation.launcher.places import PROJECT
from mutualisation.launcher.processes import dies_with_parent, stop_group
from mutualisation.launcher.speech import LauncherError

HOST = "127.0.0.1"


def environment(url: str, var: Path) -> dict[str, str]:
    """As `make run` has it, on another database."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "VAR_DIR": str(var),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DEBUG": "0",
        "ALLOWED_HOSTS": HOST,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
    }


def collect_static(url: str, var: Path) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=PROJECT,
        env=environment(url, var),
        check=True,
    )


@contextlib.contextmanager
def serving(url: str, var: Path) -> Iterator[int]:
    """The port of a server with one worker, so that what is measured is the portal and not the number of cores."""
    port = _free_port()
    words = ["--interface", "wsgi", "--host", HOST, "--port", str(port), "--workers", "1", "--blocking-threads", "4"]
    words += ["--log-level", "warning", "--no-ws", "mutualisation.launcher.serve:application"]
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", *words],
        cwd=PROJECT,
        env=environment(url, var),
        start_new_session=True,
        preexec_fn=dies_with_parent(),
    )
    try:
        _wait(server, port)
        yield port
    finally:
        stop_group(server.pid)
        server.wait()


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind((HOST, 0))
        return tried.getsockname()[1]


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    limit, answer = time.monotonic() + 30, "rien"
    while time.monotonic() < limit and server.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/sante/")
            response = connection.getresponse()
            answer = response.read(300).decode("utf-8", "replace")
            if response.status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise LauncherError(f"Le serveur à mesurer n’a pas démarré (dernière réponse : {answer}).")
