"""The embedded PostgreSQL: it starts, it survives what people do to it, it is private."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import environ
import psycopg
import pytest

from mutualisation.launcher import places, postgres
from mutualisation.launcher.processes import wait_gone
from mutualisation.launcher.speech import LauncherError

from .places import is_linux, kill, linux_only, living_under, open_folder, pid_of

ROOT = Path(__file__).resolve().parents[2]
START = "from pathlib import Path; from mutualisation.launcher import postgres as p; import sys, time\n"
START += "p.start(p.find_cluster(var=Path(sys.argv[1])), attached=sys.argv[2] == 'attached')\n"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def cluster(folder: Path) -> Iterator[postgres.Cluster]:
    """Made once, running at the start of every test."""
    cluster = postgres.find_cluster(var=folder)
    postgres.start(cluster)
    yield cluster
    postgres.stop(cluster)


def ask(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
    return row[0] if row else None


def write(cluster: postgres.Cluster, text: str) -> None:
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def has(cluster: postgres.Cluster, text: str) -> bool:
    return bool(ask(cluster.url, f"SELECT count(*) FROM note WHERE text = '{text}'"))  # noqa: S608 — our own words


def test_it_serves_a_role_without_privileges_on_a_private_socket(cluster: postgres.Cluster) -> None:
    assert ask(cluster.url, "SELECT current_user || rolsuper FROM pg_roles WHERE rolname = current_user") == (
        "mutualisationfalse"
    )
    assert ask(cluster.url, "SHOW listen_addresses") == ""
    assert cluster.home.socket.stat().st_mode & 0o777 == 0o700


def test_it_knows_french_letters_and_the_extensions_of_search(cluster: postgres.Cluster) -> None:
    assert ask(cluster.url, "SELECT lower('ÉTÉ ŒUVRE')") == "été œuvre"
    assert ask(cluster.url, "SELECT to_tsvector('french', '«Café»')::text") == "'caf':1"
    with psycopg.connect(cluster.url) as connection:
        for name in ("unaccent", "pg_trgm", "btree_gist"):
            connection.execute(f"CREATE EXTENSION {name}")
        connection.rollback()


def test_the_address_means_the_same_to_django_and_to_psycopg(cluster: postgres.Cluster) -> None:
    read = environ.Env.db_url_config(cluster.url)
    assert read["ENGINE"] == "django.db.backends.postgresql"
    assert (read["NAME"], read["USER"]) == ("mutualisation", "mutualisation")
    assert read["OPTIONS"]["host"] == psycopg.conninfo.conninfo_to_dict(cluster.url)["host"] == str(cluster.home.socket)


def test_started_twice_it_is_the_same_server(cluster: postgres.Cluster) -> None:
    before = pid_of(cluster)
    assert postgres.start(cluster) is False
    assert pid_of(cluster) == before


def test_stopped_twice_is_no_fault(cluster: postgres.Cluster) -> None:
    assert postgres.stop(cluster) is True
    assert postgres.stop(cluster) is False


def test_after_kill_9_it_starts_again_with_everything(cluster: postgres.Cluster) -> None:
    write(cluster, "gardé")
    for _ in range(2):
        kill(pid_of(cluster))
        assert postgres.start(cluster) is True
        assert has(cluster, "gardé")
    postgres.stop(cluster)


def test_a_pid_file_that_names_a_stranger_is_forgotten(cluster: postgres.Cluster) -> None:
    write(cluster, "étranger")
    kill(pid_of(cluster))
    file = cluster.home.data / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    postgres.start(cluster)
    assert has(cluster, "étranger")
    postgres.stop(cluster)


def test_an_interrupted_creation_is_made_again() -> None:
    with open_folder() as folder:
        cluster = postgres.find_cluster(test=True, var=folder)
        (cluster.home.folder / "data.new" / "base").mkdir(parents=True)
        postgres.start(cluster)
        assert ask(cluster.url, "SELECT 1") == 1
        postgres.stop(cluster)


def test_started_by_several_at_once_there_is_one_server() -> None:
    with open_folder() as folder:
        starts = [subprocess.Popen([sys.executable, "-c", START, folder, "alone"], cwd=ROOT) for _ in range(3)]
        assert [each.wait() for each in starts] == [0, 0, 0]
        cluster = postgres.find_cluster(var=folder)
        assert ask(cluster.url, "SELECT 1") == 1
        assert postgres.stop(cluster)


@pytest.mark.skipif(not is_linux, reason=linux_only)
def test_attached_it_dies_with_a_killed_launcher(cluster: postgres.Cluster) -> None:
    postgres.stop(cluster)
    words = [sys.executable, "-c", START + "print('ok', flush=True); time.sleep(60)", cluster.home.folder.parent]
    with subprocess.Popen([*words, "attached"], cwd=ROOT, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == b"ok\n"
        server = pid_of(cluster)
        launcher.kill()
    assert wait_gone([server], 10) == []


@pytest.mark.parametrize("name", ["d’été, à 100 %", "long" * 25])
def test_any_folder_name_will_do(name: str) -> None:
    with open_folder(name) as folder:
        cluster = postgres.find_cluster(var=folder)
        postgres.start(cluster)
        try:
            assert ask(cluster.url, "SHOW fsync") == "on"
            assert environ.Env.db_url_config(cluster.url)["OPTIONS"]["host"] == str(cluster.home.socket)
            assert cluster.home.socket.stat().st_mode & 0o777 == 0o700
        finally:
            postgres.stop(cluster)
            if folder not in cluster.home.socket.parents:
                shutil.rmtree(cluster.home.socket)


def test_a_socket_folder_put_there_by_somebody_else_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "socket").symlink_to(elsewhere)
    with pytest.raises(LauncherError, match="appartient à un autre compte"):
        places.own_folder(tmp_path / "socket", None)


def test_data_of_another_version_are_left_alone_and_said(cluster: postgres.Cluster) -> None:
    postgres.stop(cluster)
    version = cluster.home.data / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(LauncherError, match="viennent de PostgreSQL 14, et c’est la version 18"):
            postgres.start(cluster)
    finally:
        version.write_text(kept)


def test_damaged_data_give_a_sentence_and_leave_no_server(cluster: postgres.Cluster) -> None:
    client = psycopg.connect(cluster.url)  # the journal ends on what was said to it, which explains nothing
    postgres.stop(cluster)
    client.close()
    control = cluster.home.data / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    try:
        with pytest.raises(LauncherError, match=r"PostgreSQL n’a pas démarré : .*pg_control"):
            postgres.start(cluster)
        assert postgres.server_pid(cluster.home) is None
    finally:
        control.with_suffix(".away").rename(control)


@pytest.mark.parametrize(
    "url", ["postgres://x@127.0.0.1:1/x", "postgres:///x?host=/nulle/part", "n’importe quoi", "postgres://["]
)
def test_a_given_database_that_does_not_answer_is_said(url: str) -> None:
    with pytest.raises(LauncherError, match="DATABASE_URL ne répond pas"):
        postgres.check_given(url)


def test_wrong_binaries_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    with pytest.raises(LauncherError, match="POSTGRES_BIN ne mène pas à PostgreSQL"):
        places.find_binaries()


def test_the_command_line_starts_tells_and_stops() -> None:
    with open_folder() as folder:

        def command(*words: str) -> str:
            return subprocess.run(
                [sys.executable, "-m", "mutualisation.launcher.postgres", *words, "--test"],
                cwd=ROOT,
                env={**os.environ, "VAR_DIR": str(folder)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()

        url = command("start")
        assert command("url") == url
        assert ask(url, "SELECT 1") == 1
        assert command("stop") == "PostgreSQL est arrêté."
        assert command("stop") == "PostgreSQL ne tournait pas."
        assert not is_linux or living_under(folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="seul root doit prêter le serveur à un autre compte")
def test_for_root_a_closed_folder_is_served_from_the_system_s_and_stays_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_folder() as folder:
        package = places.find_binaries().parents[1]
        for each in (package, package.with_name(f"{package.name}.libs")):  # a .venv that is as closed
            if each.exists():
                shutil.copytree(each, folder / each.name, symlinks=True)
        monkeypatch.setenv("POSTGRES_BIN", str(folder / package.name / "pginstall" / "bin"))
        folder.parent.chmod(0o700)
        cluster = postgres.find_cluster(test=True, var=folder)
        try:
            postgres.start(cluster)
            assert cluster.home.moved
            assert cluster.home.folder.is_relative_to(places.SYSTEM_VAR)
            assert cluster.home.binaries.is_relative_to(places.SYSTEM_VAR)
            assert str(cluster.home.folder) in (folder / "postgres-test" / "ICI.txt").read_text()
            assert os.stat(f"/proc/{pid_of(cluster)}").st_uid != 0
            assert folder.parent.stat().st_mode & 0o777 == 0o700
            assert ask(cluster.url, "SELECT 1") == 1
        finally:
            postgres.stop(cluster)
            shutil.rmtree(cluster.home.folder.parent)


@pytest.mark.skipif(not is_linux, reason=linux_only)
def test_a_server_that_is_shutting_down_is_waited_for(cluster: postgres.Cluster) -> None:
    before = pid_of(cluster)
    with psycopg.connect(cluster.url):
        os.kill(before, signal.SIGTERM)  # « smart »: waits for this connection
        time.sleep(0.1)
    postgres.start(cluster)
    assert pid_of(cluster) != before
    postgres.stop(cluster)
