"""Processes of this machine: who is alive, who is ours, and how a child dies with its parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def is_alive(pid: int) -> bool:
    """A zombie (killed, not yet buried by its parent) counts as dead."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _state(pid) not in ("Z", "X")


def command_line(pid: int) -> str:
    """The command of a process, or "" when it is gone or unknown."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        pass
    if sys.platform == "linux":
        return ""
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        pass
    if sys.platform == "linux":
        return "X"
    answer = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()[:1] or "X"


def group_members(group: int) -> list[int]:
    """Living processes of a process group (Linux; elsewhere only its leader is known)."""
    if sys.platform != "linux":
        return [group] if is_alive(group) else []
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except OSError:
                continue
            if len(fields) > 2 and fields[2] == str(group) and fields[0] not in ("Z", "X"):
                members.append(int(entry.name))
    return members


def dies_with_parent(sig: int = signal.SIGTERM) -> Callable[[], None] | None:
    """A preexec_fn that has Linux signal the child when the launcher dies, however it dies.

    Runs after the change of user, which would erase it. Elsewhere the lock files of var/ do the work at the next start.
    """
    if _libc is None:
        return None
    parent, libc = os.getpid(), _libc

    def preexec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)
        if os.getppid() != parent:  # it died before prctl was heard
            os.kill(os.getpid(), signal.SIGKILL)

    return preexec


def die_with_parent(sig: int) -> None:
    """The same for a process that is already running (Linux)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)


def follow_make() -> None:
    """When `make` started us, end with it even if it is killed without a chance to tell."""
    if _libc is None or "MAKELEVEL" not in os.environ:
        return
    parent = os.getppid()
    if Path(command_line(parent).split(" ")[0]).name in ("make", "gmake"):
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def wait_gone(pids: Iterable[int], seconds: float) -> list[int]:
    """Wait until these processes are gone; returns those that are not."""
    limit = time.monotonic() + seconds
    left = [pid for pid in pids if is_alive(pid)]
    while left and time.monotonic() < limit:
        time.sleep(0.05)
        left = [pid for pid in left if is_alive(pid)]
    return left


def stop_group(group: int, patience: float = 10) -> None:
    """Stop a process group that we made: ask, wait, then insist."""
    for sig, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        members = group_members(group)
        if not members:
            return
        try:
            os.killpg(group, sig)
        except (ProcessLookupError, PermissionError):
            return
        if not wait_gone(members, seconds) and not group_members(group):
            return
