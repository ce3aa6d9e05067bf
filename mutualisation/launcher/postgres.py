"""Supervises an embedded PostgreSQL: lock, then status → connect → else start. Unix socket only, never root."""

import contextlib
import fcntl
import locale
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from .places import SOCKET_NAME, Home, become, find_home, own_folder
from .processes import command_line, dies_with_parent, is_alive, wait_gone
from .speech import LauncherError, say, speaking

DATABASE = "mutualisation"  # name of the database and of the role that owns it
SUPERUSER = "postgres"  # used here only: the portal itself runs without privileges, as in production
OLDEST = 15
NO_PROCESS = "99999999"  # above the highest number that a system gives
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "jit": "off",
    "random_page_cost": "1.1",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB"}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

_launched: list[subprocess.Popen] = []


@dataclass(frozen=True)
class Cluster:
    """One cluster: its home, and whether what it holds must survive a power cut."""

    home: Home
    durable: bool

    @property
    def url(self) -> str:
        """Understood alike by django-environ and by psycopg."""
        return _url(self.home.socket, DATABASE, DATABASE)


def find_cluster(*, test: bool = False, var: Path | None = None) -> Cluster:
    return Cluster(find_home("postgres-test" if test else "postgres", var), durable=not test)


def start(cluster: Cluster, *, attached: bool = False) -> bool:
    """Have the cluster answer; True when this call started it. `attached`: it dies with us."""
    with _locked(cluster.home):
        started = _have_it_answer(cluster, attached=attached)
        try:
            _prepare(cluster)
        except psycopg.Error as error:
            raise LauncherError(f"La base de données n’a pas pu être préparée : {error}".strip()) from error
        return started


def stop(cluster: Cluster) -> bool:
    """Stop the cluster's server, whoever started it; True when there was one."""
    with _locked(cluster.home):
        pid = server_pid(cluster.home)
        if pid is None:
            return False
        for sig, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
            if not wait_gone([pid], patience):
                break
        for server in _launched:
            server.poll()  # buries it if it was ours
        return True


def server_pid(home: Home) -> int | None:
    """The living server of this cluster: the pid file alone proves nothing after a kill -9 or a reboot."""
    try:
        pid = int((home.data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if is_alive(pid) and str(home.data) in command_line(pid) else None


def answers(cluster: Cluster) -> bool:
    try:
        psycopg.connect(_url(cluster.home.socket, SUPERUSER, SUPERUSER), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def check_given(url: str) -> None:
    """A database given by DATABASE_URL: it answers, and it is recent enough."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except (psycopg.Error, UnicodeError) as error:
        reason = str(error).strip().splitlines()[-1:] or [""]
        raise LauncherError(f"La base de données de DATABASE_URL ne répond pas : {reason[0]}") from error
    if version < OLDEST:
        raise LauncherError(
            f"DATABASE_URL mène à PostgreSQL {version} : il faut la version {OLDEST} ou une plus récente."
        )


def _url(socket: Path, role: str, database: str) -> str:
    return f"postgres://{role}@/{database}?host={quote(str(socket), safe='/')}"


@contextlib.contextmanager
def _locked(home: Home) -> Iterator[None]:
    """One at a time starts or stops this cluster; the system frees the lock if its holder dies."""
    with (home.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _have_it_answer(cluster: Cluster, *, attached: bool) -> bool:
    home, launched_at, since = cluster.home, 0.0, 0
    server: subprocess.Popen | None = None
    limit = time.monotonic() + 60  # recovery after a power cut may take a while
    failures = 0
    while time.monotonic() < limit:
        pid = server_pid(home)
        if pid is not None:
            if answers(cluster):
                return server is not None
        elif server is None or server.poll() is not None:
            if server is not None:
                failures += 1
                if failures > 5 or (failures > 1 and not _waits_for_orphans(home, since)):
                    raise LauncherError(
                        f"PostgreSQL n’a pas démarré : {_last_words(home, since)} (journal : {home.folder / 'log'})"
                    )
                time.sleep(0.3)
            _create(cluster)
            _forget_dead_server(home)
            server, since = _launch(cluster, attached=attached)
            launched_at = time.monotonic()
        time.sleep(0.02 if time.monotonic() - launched_at < 2 else 0.1)
    if server and server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        server.wait()
    raise LauncherError(f"PostgreSQL ne répond pas après une minute (journal : {home.folder / 'log'}).")


def _create(cluster: Cluster) -> None:
    """Make the cluster beside its place, then move it there whole: an interrupted initdb leaves nothing half done."""
    home = cluster.home
    major = _major(home)
    if major < OLDEST:
        raise LauncherError(f"PostgreSQL {major} est trop ancien : il faut la version {OLDEST} ou une plus récente.")
    if (home.data / "PG_VERSION").exists():
        made_by = (home.data / "PG_VERSION").read_text("utf-8").strip()
        if made_by != str(major):
            raise LauncherError(
                f"Les données de « {home.data} » viennent de PostgreSQL {made_by}, et c’est la version {major} qui est "
                "installée : convertissez-les (pg_upgrade), ou déplacez ce dossier pour repartir à neuf."
            )
        return
    draft = home.folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    own_folder(draft, home.account)
    command: list[str | Path] = [home.binaries / "initdb", "-D", draft, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
    command += ["--no-instructions", *_locale_options(major)]
    if not cluster.durable:
        command.append("--no-sync")
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=_server_env(), **become(home.account)
    )
    if done.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise LauncherError(f"La base de données n’a pas pu être créée : {_last_line(done.stderr)}")
    draft.rename(home.data)


def _locale_options(major: int) -> list[str]:
    """Order by code point everywhere; letters by the system's UTF-8 table, for full-text search to know them."""
    letters = next(filter(_locale_exists, ("C.UTF-8", "fr_CA.UTF-8", "en_US.UTF-8")), "C")
    options = ["--locale=C", f"--lc-ctype={letters}"]
    if major >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options


def _locale_exists(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True


def _launch(cluster: Cluster, *, attached: bool) -> tuple[subprocess.Popen, int]:
    """The server, and where in its journal what it says begins."""
    home = cluster.home
    log = home.folder / "log"
    if log.exists() and log.stat().st_size > 5_000_000:
        log.replace(home.folder / "log.1")
    settings = {**TUNING, **(DURABLE if cluster.durable else HASTE), "unix_socket_directories": _quoted(home.socket)}
    command: list[str | Path] = [home.binaries / "postgres", "-D", home.data]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with log.open("ab") as journal:
        since = journal.tell()
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            env=_server_env(),
            start_new_session=True,  # a Ctrl-C at the terminal reaches the launcher, which stops things in order
            preexec_fn=dies_with_parent(signal.SIGINT) if attached else None,
            **become(home.account),
        )
    _launched.append(server)
    return server, since


def _prepare(cluster: Cluster) -> None:
    """The role and the database of the portal, made when missing."""
    with psycopg.connect(_url(cluster.home.socket, SUPERUSER, SUPERUSER), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE ROLE {DATABASE} LOGIN CREATEDB")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {DATABASE}")


def _forget_dead_server(home: Home) -> None:
    """Files that name a dead server, whose number a zombie or a stranger may bear, would keep PostgreSQL from starting.

    The pid file is corrected rather than removed: PostgreSQL reads in it how to see that children of the dead
    server still hold its memory, and then refuses to start beside them.
    """
    file = home.data / "postmaster.pid"
    try:
        number, newline, rest = file.read_text("utf-8").partition("\n")
    except FileNotFoundError:
        pass
    else:
        if number.strip().isdigit() and rest:
            file.write_text(NO_PROCESS + newline + rest, "utf-8")
        else:
            file.unlink()
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (home.socket / name).unlink(missing_ok=True)


def _waits_for_orphans(home: Home, since: int) -> bool:
    """After a kill -9 of the server, its children hold its memory for an instant."""
    return "shared memory block" in _journal_end(home, since)


def _last_words(home: Home, since: int) -> str:
    lines = [line for line in _journal_end(home, since).splitlines() if "FATAL" in line or "PANIC" in line]
    # What it answered to our own knocking while it started explains nothing.
    lines = [line for line in lines if "the database system is " not in line]
    return _last_line("\n".join(lines) or _journal_end(home, since))


def _journal_end(home: Home, since: int) -> str:
    try:
        return (home.folder / "log").read_bytes()[since:][-2000:].decode("utf-8", "replace")
    except OSError:
        return ""


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["sans explication"])[-1]


def _major(home: Home) -> int:
    answer = subprocess.run(
        [home.binaries / "postgres", "--version"], capture_output=True, text=True, check=False, **become(home.account)
    )
    found = re.search(r"\b(\d+)", answer.stdout)
    if answer.returncode or not found:
        raise LauncherError(f"PostgreSQL ne s’exécute pas ici : {_last_line(answer.stderr)}")
    return int(found[1])


def _server_env() -> dict[str, str]:
    """Nothing of the caller's PG… settings reaches the server, nor its secrets."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    return {"LC_ALL": "C", **{name: os.environ[name] for name in kept if name in os.environ}}


def _quoted(folder: Path) -> str:
    """A list of one folder, quoted: its name may hold commas or spaces."""
    return '"' + str(folder).replace('"', '""') + '"'


def main() -> int:
    words = sys.argv[1:]
    test = "--test" in words
    orders = [word for word in words if word != "--test"]
    if orders not in (["start"], ["stop"], ["url"]):
        raise LauncherError("Usage : python -m mutualisation.launcher.postgres start|stop|url [--test]")
    cluster = find_cluster(test=test)
    if orders == ["start"]:
        if cluster.home.moved:
            say(f"Le dossier du projet est fermé aux autres comptes : les données sont dans {cluster.home.folder}.")
        start(cluster)
        say(cluster.url)
    elif orders == ["stop"]:
        say("PostgreSQL est arrêté." if stop(cluster) else "PostgreSQL ne tournait pas.")
    else:
        say(cluster.url)
    return 0


if __name__ == "__main__":
    sys.exit(speaking(main))
