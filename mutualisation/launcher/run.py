"""`make run`: the portal and its database on this machine, ready in seconds, gone without trace at Ctrl-C."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from . import postgres
from .checks import check_disk, check_port, lasting_secret, only_one, read_address
from .places import PROJECT, make_folder, var_folder
from .prepare import demo_accounts, is_prepared
from .processes import command_line, dies_with_parent, follow_make, group_members, stop_group
from .speech import LauncherError, say, speaking

READY_WITHIN = 90
PREPARE = ("-m", "mutualisation.launcher.prepare")
WORKER = ("-m", "mutualisation.launcher.work")
WORKER_REST = 5.0  # seconds before a worker that fell is raised again


class StopAsked(Exception):  # noqa: N818 — not a fault
    """Ctrl-C, or the SIGTERM of a supervisor."""


class Portal:
    """What this launcher started, in the order in which it will be stopped (last first)."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.children: dict[str, subprocess.Popen] = {}
        self.cluster: postgres.Cluster | None = None
        self.stop_asked = False
        self.worker_due: float | None = None

    def hear_signals(self) -> None:
        def hear(number: int, frame: FrameType | None) -> None:
            self.stop_asked = True

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, hear)

    def launch(self, name: str, *words: str) -> subprocess.Popen:
        """Start a child that dies with us, in a group of its own that the next start can find."""
        child = subprocess.Popen(
            [sys.executable, *words],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
        self.children[name] = child
        _record(self.var, [each.pid for each in self.children.values()])
        return child

    def watch(self, *, sleep: float = 0.1) -> None:
        """One breath of a waiting loop: leave if asked to, or if the database is gone."""
        if self.stop_asked:
            raise StopAsked
        if self.cluster and postgres.server_pid(self.cluster.home) is None:
            raise LauncherError(
                "PostgreSQL s’est arrêté de lui-même : le portail s’arrête aussi, et rien d’enregistré n’est perdu "
                f"(journal : {self.cluster.home.folder / 'log'}). Relancez « make run »."
            )
        time.sleep(sleep)

    def keep_working(self) -> None:
        """Raise the worker again when it fell (a restart of the database, say); one that had nothing to do may rest."""
        worker = self.children.get("worker")
        if worker is not None and worker.poll() is not None:
            self.finish("worker")
            if worker.returncode:
                say("Le travail de fond (courriels, rappels) s’est arrêté de lui-même : il repart.")
                self.worker_due = time.monotonic() + WORKER_REST
        if self.worker_due is not None and time.monotonic() >= self.worker_due:
            self.worker_due = None
            self.launch("worker", *WORKER)

    def finish(self, name: str) -> int:
        """Wait for the end of a child."""
        child = self.children[name]
        while child.poll() is None:
            self.watch(sleep=0.03)
        del self.children[name]
        return child.returncode

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self.children.values()):
            stop_group(child.pid)
            child.wait()
        if self.cluster:
            postgres.stop(self.cluster)
        _record(self.var, [])


def main() -> int:
    dev = "--dev" in sys.argv[1:]
    follow_make()
    host, port = read_address()
    portal = Portal(make_folder(var_folder()))
    portal.hear_signals()
    with only_one(
        portal.var / "run.lock",
        "Le portail tourne déjà depuis ce dossier : arrêtez-le (Ctrl-C) avant de le relancer.",
        patience=2,  # the one before may be on its way out
    ):
        _end_leftovers(portal.var)
        check_port(host, port)
        check_disk(portal.var)
        try:
            _serve(portal, host, port, dev=dev)
        except StopAsked:
            say("\nLe portail s’arrête…")
            return 0
        finally:
            portal.stop()
    return 0


def _serve(portal: Portal, host: str, port: int, *, dev: bool) -> None:
    os.environ["DATABASE_URL"] = _database(portal)
    os.environ["SECRET_KEY"] = os.environ.get("SECRET_KEY") or lasting_secret(portal.var)
    os.environ["VAR_DIR"] = str(portal.var)
    os.environ["DEBUG"] = "1" if dev else "0"
    os.environ.setdefault("DEMO", "1")  # something to try, e-mail shown at /courriels/; DEMO=0 for a real portal
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 — compared, not bound
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    os.environ.setdefault("SITE_URL", address)  # links of e-mails
    if not os.environ.get("ALLOWED_HOSTS"):
        os.environ["ALLOWED_HOSTS"] = ",".join(dict.fromkeys(["127.0.0.1", "localhost", "[::1]", host]))

    if not is_prepared():
        _prepare(portal)
    portal.launch("server", *(_reloading_server(host, port) if dev else _real_server(host, port)))
    _wait_until_healthy(portal, host, port)
    portal.launch("worker", *WORKER)
    accounts = demo_accounts()
    say(f"\nLe portail est prêt : {address}/   (Ctrl-C pour l’arrêter)\n")
    if accounts:
        say(accounts)
    while portal.children["server"].poll() is None:
        portal.keep_working()
        portal.watch(sleep=0.3)
    raise LauncherError("Le serveur web s’est arrêté de lui-même : relancez « make run ».")


def _prepare(portal: Portal) -> None:
    portal.launch("prepare", *PREPARE)
    if portal.finish("prepare"):
        raise LauncherError("La préparation du portail a échoué (voir ci-dessus).")


def _database(portal: Portal) -> str:
    given = os.environ.get("DATABASE_URL")
    if given:
        postgres.check_given(given)
        return given
    cluster = postgres.find_cluster(var=portal.var)
    check_disk(cluster.home.folder)
    if cluster.home.moved:
        say(
            f"Ce dossier est fermé aux autres comptes, et PostgreSQL refuse root : « {cluster.home.account.name} » "  # type: ignore[union-attr]
            f"le fait tourner, ses données sont dans {cluster.home.folder}."
        )
    postgres.start(cluster, attached=True)
    portal.cluster = cluster
    return cluster.url


def _real_server(host: str, port: int) -> list[str]:
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": "2",
        "--blocking-threads": "4",  # per worker; each may hold one connection of the pool
        "--workers-kill-timeout": "5",
        "--log-level": "warning",
    }
    words = [word for pair in options.items() for word in pair]
    return ["-m", "granian", *words, "--no-ws", "--respawn-failed-workers", "mutualisation.launcher.serve:application"]


def _reloading_server(host: str, port: int) -> list[str]:
    return ["manage.py", "runserver", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]


def _wait_until_healthy(portal: Portal, host: str, port: int) -> None:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 — compared, not bound
    limit, answer, prepared = time.monotonic() + READY_WITHIN, "aucune réponse", False
    while time.monotonic() < limit:
        if portal.children["server"].poll() is not None:
            raise LauncherError("Le serveur web n’a pas démarré (voir ci-dessus).")
        try:
            status, body = _ask_health(target, port)
        except (OSError, http.client.HTTPException):
            pass
        else:
            if status == 200:
                return
            answer = f"{status} {body[:200]}"
            if status == 503 and not prepared:  # another database than the one that was prepared: a new one, say
                _prepare(portal)
                prepared = True
        portal.watch(sleep=0.05)
    raise LauncherError(f"Le portail ne se dit pas en bonne santé après {READY_WITHIN} s : {answer}")


def _ask_health(host: str, port: int) -> tuple[int, str]:
    """As a reverse proxy would: with a host that the portal accepts."""
    accepted = [name for name in os.environ["ALLOWED_HOSTS"].split(",") if name.strip() not in ("", "*")]
    name = accepted[0].strip().lstrip(".") if accepted else host
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/sante/", headers={"Host": name, "X-Forwarded-Proto": "https"})
        response = connection.getresponse()
        return response.status, response.read(2000).decode("utf-8", "replace")
    finally:
        connection.close()


def _record(var: Path, groups: list[int]) -> None:
    draft = var / "run.json.new"
    draft.write_text(json.dumps({"groups": groups}), "utf-8")
    draft.replace(var / "run.json")


def _end_leftovers(var: Path) -> None:
    """Stop what a launcher killed without a chance to clean up left behind, and only what is surely ours."""
    try:
        groups = json.loads((var / "run.json").read_text("utf-8"))["groups"]
    except (OSError, ValueError, KeyError):
        return
    for group in groups:
        members = group_members(group)
        if members and all(sys.executable in command_line(pid) for pid in members):
            stop_group(group)


if __name__ == "__main__":
    sys.exit(speaking(main))
