"""Folders where a database server may live: pytest's own are closed to the account that runs it for root."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mutualisation.launcher import places, postgres
from mutualisation.launcher.processes import is_alive, wait_gone

linux_only = "repose sur /proc et prctl"
is_linux = sys.platform == "linux"


@contextlib.contextmanager
def open_folder(name: str = "p") -> Iterator[Path]:
    """A folder that everybody may cross, emptied of its servers and removed at the end."""
    base = Path(tempfile.mkdtemp(prefix="mut-", dir="/tmp")).resolve()
    base.chmod(0o755)
    folder = places.make_folder(base / name)
    try:
        yield folder
    finally:
        for pid in living_under(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_gone(living_under(folder), 5)
        shutil.rmtree(base, ignore_errors=True)


def living_under(folder: Path) -> list[int]:
    """Processes that run from this folder or for it (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            cwd, command = os.readlink(entry / "cwd"), (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if (cwd.startswith(str(folder)) or os.fsencode(folder) in command) and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_gone([pid], 5)


def pid_of(cluster: postgres.Cluster) -> int:
    pid = postgres.server_pid(cluster.home)
    assert pid is not None
    return pid
