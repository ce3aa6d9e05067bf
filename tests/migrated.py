"""A database where every migration ran, kept from one run to the next: the tests copy it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parents[1]
LOCK = 20260814  # any number: whoever comes second waits for what the first prepares


def template() -> str:
    """The name of the migrated database; made now when a migration or a package changed since the last one."""
    own = connection.settings_dict
    name, before = f"migrated_{_state()}", own["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ '^migrat(ed|ing)_'")
        if name not in (found := [row[0] for row in cursor.fetchall()]):
            for old in found:
                cursor.execute(f'DROP DATABASE "{old}"')
            half = name.replace("migrated", "migrating")
            cursor.execute(f'CREATE DATABASE "{half}"')
            try:
                connection.close()
                own["NAME"] = half
                call_command("migrate", verbosity=0)
            finally:
                connection.close()
                own["NAME"] = before
            cursor.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
    return name


def restore(binaries: Path, url: str) -> None:
    """Copy it to an empty database of another cluster."""
    known = connection.get_connection_params()
    where = {name: known[name] for name in ("host", "port", "user", "password") if name in known}
    source = make_conninfo(**where, dbname=template())
    dump = subprocess.run([binaries / "pg_dump", "--no-owner", source], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run([binaries / "psql", "--quiet", "--set=ON_ERROR_STOP=1", url], check=True, input=dump,
                   stdout=subprocess.DEVNULL)  # fmt: skip


def _state() -> str:
    """What decides of the schema: our migrations and the versions of the packages."""
    files = [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements-test.txt"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
