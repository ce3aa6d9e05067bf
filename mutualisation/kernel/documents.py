"""Documents that people send: what they are is read from their content, never from their name; names made safe."""

from __future__ import annotations

import datetime
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import Storage, default_storage
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

MAX_BYTES = 10 * 1024 * 1024
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
ACCEPT = ",".join(f".{extension}" for extension in TYPES)
OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
PARTS_AT_MOST = 5000


class DocumentError(Exception):
    """A document that can't be taken in; the message says why and what to do."""


@dataclass(frozen=True)
class Document:
    """A document that may be kept: its type (« pdf »), and a name that is safe to give back."""

    type: str
    name: str


def too_heavy(name: str) -> str:
    """What to say of a document past the limit."""
    return _("« %s » dépasse 10 Mo. Choisissez un fichier plus léger, ou donnez plutôt un lien.") % name[:80]


def read(file: Any) -> Document:
    """What a file sent is. Raises DocumentError."""
    name = str(getattr(file, "name", "") or "document")
    shown = name[:80]
    if not file.size:
        raise DocumentError(_("« %s » est vide. Ouvrez-le pour vérifier, puis choisissez-le de nouveau.") % shown)
    if file.size > MAX_BYTES:
        raise DocumentError(too_heavy(name))
    found = _type_of(file)
    file.seek(0)
    if found == "macros":
        raise DocumentError(_("« %s » contient des macros. Enregistrez-le sans macros (DOCX ou XLSX).") % shown)
    if not found:
        raise DocumentError(
            _("« %s » n’est pas un document que nous prenons. Choisissez un fichier PDF, DOCX, ODT, XLSX ou ODS.")
            % shown
        )
    return Document(found, safe_name(name, found))


def _type_of(file: Any) -> str:
    file.seek(0)
    if file.read(5) == b"%PDF-":
        file.seek(max(0, file.size - 2048))
        return "pdf" if b"%%EOF" in file.read() else ""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.namelist()
            if len(parts) > PARTS_AT_MOST:
                return ""
            if any(part.lower().endswith("vbaproject.bin") for part in parts):
                return "macros"
            if "[Content_Types].xml" in parts:
                return next((kind for part, kind in OFFICE.items() if part in parts), "")
            if "mimetype" in parts and "content.xml" in parts:
                with archive.open("mimetype") as inner:
                    said = inner.read(100).decode("ascii", "replace").strip()
                return next((kind for kind in ("odt", "ods") if TYPES[kind] == said), "")
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        pass
    return ""


def safe_name(name: str, extension: str) -> str:
    """A name made of letters, digits, spaces, dots and dashes, 80 at most, with the extension of what the file is."""
    stem = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", stem)
    stem = " ".join(re.sub(r"[^\w .,()’'-]+", " ", stem).split()).strip(". ")[:80]
    return f"{stem or 'document'}.{extension}"


def attached(file: Any, name: str, *, public: bool) -> FileResponse:
    """A document given to keep: never drawn in the page, never guessed. Raises OSError when it is gone."""
    extension = name.rsplit(".", 1)[-1]
    response = FileResponse(file.open("rb"), as_attachment=True, filename=name, content_type=TYPES[extension])
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "public, max-age=300" if public else "private, no-store"
    if not public:
        response["X-Robots-Tag"] = "noindex"
    return response


def sweep(folder: str, named: Callable[[list[str]], set[str]], storage: Storage = default_storage) -> int:
    """Delete the files of a folder that no row names (``named`` gives those that are), once a day old."""
    yesterday = timezone.now() - datetime.timedelta(days=1)
    try:
        inside = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    except FileNotFoundError:
        return 0
    known = named(inside)
    lost = [path for path in inside if path not in known and storage.get_modified_time(path) < yesterday]
    for path in lost:
        storage.delete(path)
    return len(lost)
