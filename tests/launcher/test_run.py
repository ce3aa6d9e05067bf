"""`make run`, on a portal in small: it serves, it leaves nothing, it recovers from kill -9 of anything."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mutualisation.launcher import checks, places, postgres
from mutualisation.launcher.processes import command_line, wait_gone
from mutualisation.launcher.speech import LauncherError

from .places import is_linux, kill, linux_only, living_under, open_folder

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "SECRET_KEY", "VAR_DIR", "DEBUG", "PORT", "HOST", "ALLOWED_HOSTS", "MAKELEVEL", "POSTGRES_BIN")
pytestmark = pytest.mark.skipif(not is_linux, reason=linux_only)


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """The portal in small, beside the real launcher; its database lasts as long as this module."""
    with open_folder() as folder:
        shutil.copytree(Path(__file__).parent / "project", folder, dirs_exist_ok=True)
        shutil.copytree(ROOT / "mutualisation" / "launcher", folder / "mutualisation" / "launcher")
        yield folder


class Running:
    """A launcher at work, as a terminal would have started it."""

    def __init__(self, project: Path, *words: str, **environment: str) -> None:
        self.project, self.port = project, free_port()
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mutualisation.launcher.run", *words],
            cwd=project,
            env={**kept, "PORT": str(self.port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,  # what readline does not take stays in the pipe
        )
        assert self.process.stdout is not None
        self.said = ""
        while "prêt" not in self.said and (line := self.process.stdout.readline()):
            self.said += line.decode()
        self.seconds = time.monotonic() - started

    def __enter__(self) -> "Running":
        assert "prêt" in self.said, self.said
        return self

    def __exit__(self, *unused: object) -> None:
        self.process.kill()
        self.end()

    def end(self) -> str:
        """Wait for it to end; all that it said."""
        output, _ = self.process.communicate(timeout=20)
        self.said += output.decode()
        return self.said

    def get(self, address: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", address)
            response = connection.getresponse()
            assert response.status == 200
            return response.read().decode()
        finally:
            connection.close()

    def servers(self) -> list[int]:
        """The web server, then its workers."""
        return [pid for pid in sorted(living_under(self.project)) if "granian" in command_line(pid)]

    def database(self) -> int:
        pid = postgres.server_pid(places.find_home("postgres", self.project / "var"))
        assert pid is not None
        return pid

    def nothing_left(self) -> bool:
        return wait_gone(living_under(self.project), 10) == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refused(project: Path, **environment: str) -> str:
    """What a launcher that does not start says: one sentence."""
    running = Running(project, **environment)
    said = running.end()
    assert running.process.returncode == 1
    assert said.startswith("✗ ")
    assert said.count("\n") == 1
    return said


def test_it_serves_says_where_and_leaves_nothing(project: Path) -> None:
    for number, how in enumerate((signal.SIGINT, signal.SIGTERM)):
        with Running(project) as portal:
            assert f"http://127.0.0.1:{portal.port}/" in portal.said
            assert portal.get("/").splitlines() == ["démonstration", *(f"note{before}" for before in range(number))]
            portal.get(f"/ajoute/note{number}/")
            assert (project / "var" / "static" / "site.css").exists()
            assert number == 0 or portal.seconds < 5
            portal.process.send_signal(how)
            assert "demo@exemple.test" in portal.end()
            assert portal.process.returncode == 0
        assert living_under(project) == []


def test_the_secret_lasts_and_is_private(project: Path) -> None:
    var = places.make_folder(project / "var")
    first = checks.lasting_secret(var)
    assert checks.lasting_secret(var) == first
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600
    (var / "secret_key").write_text("")  # a disk that was full
    second = checks.lasting_secret(var)
    assert len(second) >= 50
    assert second != first


def test_after_kill_9_of_the_launcher_nothing_is_left_and_all_is_kept(project: Path) -> None:
    with Running(project) as portal:
        portal.get("/ajoute/launcher/")
        kill(portal.process.pid)
        with Running(project, PORT=str(portal.port)) as again:  # at once, on the same port
            again.port = portal.port
            assert "launcher" in again.get("/")
            again.process.send_signal(signal.SIGINT)
            again.end()
        assert portal.nothing_left()


def test_after_kill_9_of_the_database_it_says_so_stops_and_recovers(project: Path) -> None:
    with Running(project) as portal:
        portal.get("/ajoute/base/")
        kill(portal.database())
        assert "✗ PostgreSQL s’est arrêté de lui-même" in portal.end()
        assert portal.process.returncode == 1
        assert portal.nothing_left()
    with Running(project) as again:
        assert "base" in again.get("/")
        again.process.send_signal(signal.SIGINT)
        again.end()


def test_a_killed_worker_is_replaced_and_a_killed_server_said(project: Path) -> None:
    with Running(project) as portal:
        server, *workers = portal.servers()
        for worker in workers:
            kill(worker)
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            try:
                assert json.loads(portal.get("/sante/"))["pid"] not in workers
                break
            except OSError:
                time.sleep(0.1)
        assert portal.servers()[0] == server
        kill(server)
        assert "✗ Le serveur web s’est arrêté de lui-même" in portal.end()
        assert portal.process.returncode == 1
        assert portal.nothing_left()


def test_after_kill_9_of_everything_at_once_it_recovers(project: Path) -> None:
    with Running(project) as portal:
        portal.get("/ajoute/tout/")
        for pid in [portal.process.pid, *portal.servers(), portal.database()]:
            os.kill(pid, signal.SIGKILL)
    with Running(project) as again:
        assert "tout" in again.get("/")
        assert "déjà depuis ce dossier" in refused(project)
        again.process.send_signal(signal.SIGINT)
        again.end()
    assert living_under(project) == []


def test_a_taken_port_is_said(project: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"Le port {port} est déjà pris" in refused(project, PORT=port)


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", "٣٣٣"])
def test_a_port_that_is_no_port_is_said(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(LauncherError, match="PORT doit être un nombre"):
        checks.read_address()


def test_a_host_that_is_not_ours_is_said() -> None:
    with pytest.raises(LauncherError, match="n’existe pas sur cette machine"):
        checks.check_port("192.0.2.1", 8000)


def test_a_given_database_is_used_and_none_is_started(project: Path) -> None:
    name = f"lanceur_{os.getpid()}"
    with open_folder() as folder:
        cluster = postgres.find_cluster(test=True, var=folder)
        postgres.start(cluster)
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        given = re.sub(r"/mutualisation\?", f"/{name}?", cluster.url)
        with Running(project, DATABASE_URL=given) as portal:
            assert portal.get("/") == "démonstration"
            assert postgres.server_pid(places.find_home("postgres", project / "var")) is None
            portal.process.send_signal(signal.SIGINT)
            portal.end()
        assert postgres.stop(cluster)
    assert "DATABASE_URL ne répond pas" in refused(project, DATABASE_URL=given)


def test_a_preparation_that_fails_stops_everything(project: Path) -> None:
    broken = project / "mutualisation" / "settings.py"
    kept = broken.read_text()
    broken.write_text("from django.core.exceptions import ImproperlyConfigured\nraise ImproperlyConfigured('Voilà.')\n")
    try:
        portal = Running(project)
        assert portal.end().splitlines() == ["✗ Voilà.", "✗ La préparation du portail a échoué (voir ci-dessus)."]
        assert portal.process.returncode == 1
        assert living_under(project) == []
    finally:
        broken.write_text(kept)


def test_an_old_python_is_said() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make n’est pas installé")
    answer = subprocess.run(
        [make, "-C", ROOT, "--no-print-directory", "python", "PYTHON=false"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert answer.stderr.startswith("✗ Il faut Python 3.11 ou plus récent")


def test_the_reloading_server_serves_too(project: Path) -> None:
    with Running(project, "--dev") as portal:
        assert "démonstration" in portal.get("/")
        portal.process.send_signal(signal.SIGINT)
        portal.end()
        assert portal.process.returncode == 0
    assert living_under(project) == []
