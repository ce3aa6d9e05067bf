"""Makes .venv and installs the locked dependencies; run as a file by the system's Python, before anything is there.

    python3 mutualisation/launcher/install.py requirements.txt

Does nothing when .venv already holds them. A stamp, written last, says what .venv holds: without it (an installation
was interrupted) or when it is of another Python or another folder, .venv is made again.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
STAMP = VENV / "installed.json"
NEEDED_BYTES = 1_000_000_000
# what each list holds beside itself: the tests' list begins with the whole of the other
CONTAINS = {"requirements-test.txt": ("requirements.txt",)}


def install(name: str) -> None:
    with (PROJECT / "pyproject.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` started together
        state = _read_stamp()
        if state and state.get(name) == _digest(name):
            return
        if shutil.disk_usage(PROJECT).free < NEEDED_BYTES:
            sys.exit("✗ Moins de 1 Go libre sur le disque : libérez de l’espace, puis relancez.")
        print("Installation des dépendances (moins d’une minute la première fois)…", flush=True)
        if state is None:
            _make_venv()
        STAMP.unlink(missing_ok=True)
        if _pip("install", "--require-hashes", "--only-binary", ":all:", "-r", str(PROJECT / name)):
            sys.exit("✗ L’installation des dépendances a échoué (voir ci-dessus). Vérifiez le réseau, puis relancez.")
        state = _identity() | {each: _digest(each) for each in (name, *CONTAINS.get(name, ()))}
        draft = STAMP.with_suffix(".new")
        draft.write_text(json.dumps(state, indent=2), "utf-8")
        draft.replace(STAMP)


def _identity() -> dict:
    """A virtual environment belongs to one Python and to one folder."""
    return {"python": f"{sys.version_info.major}.{sys.version_info.minor} {sys.base_prefix}", "folder": str(VENV)}


def _read_stamp() -> dict | None:
    try:
        state = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if any(state.get(key) != value for key, value in _identity().items()) or not os.access(_python(), os.X_OK):
        return None
    return state


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:  # a system that ships venv without ensurepip: its own pip will serve
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", VENV], capture_output=True, text=True, check=False
        )
        if made.returncode:
            sys.exit(f"✗ Python n’a pas pu créer .venv : {(made.stderr or made.stdout).strip()}")


def _pip(*words: str) -> int:
    base = [str(_python()), "-m", "pip"]
    if not any(VENV.glob("lib/python*/site-packages/pip")):
        base = [sys.executable, "-m", "pip", "--python", str(_python())]
    return subprocess.run(
        [*base, *words, "-qq", "--no-input", "--disable-pip-version-check"], cwd=PROJECT, check=False
    ).returncode


def _python() -> Path:
    return VENV / "bin" / "python"


def _digest(name: str) -> str:
    return hashlib.sha256((PROJECT / name).read_bytes()).hexdigest()


if __name__ == "__main__":
    try:
        install(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit("✗ Installation interrompue : elle reprendra au prochain lancement.")
    except OSError as error:
        sys.exit(f"✗ L’installation a échoué : {error.strerror or error} ({error.filename or VENV})")
