"""Tables for people’s spreadsheets: CSV and XLSX that Excel in French Canada opens as is, and that run nothing."""

from __future__ import annotations

import csv
import datetime
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

FORMATS = ("csv", "xlsx")
CELL_AT_MOST = 32_000  # Excel refuses a file with a longer cell
# What makes a spreadsheet take a text for a formula; spaces before it, and the wide signs, deceive nobody but us.
_FORMULA = re.compile(r"^[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could run this text."""
    return bool(_FORMULA.match(text))


def plain_value(value: Any) -> Any:
    """A value as a cell may hold it: number, date, or text without control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).date()
    if isinstance(value, int | Decimal | datetime.date):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else ""
    return _CONTROL.sub("", str(value))[:CELL_AT_MOST]


def csv_text(value: Any) -> str:
    """One cell of a CSV: a text that looks like a formula gets an apostrophe, decimals a comma, dates AAAA-MM-JJ."""
    value = plain_value(value)
    if isinstance(value, str):
        return f"'{value}" if is_formula(value) else value
    if isinstance(value, datetime.date):
        return value.isoformat()
    return format(value, "f").replace(".", ",") if isinstance(value, Decimal | float) else str(value)


def csv_lines(header: Sequence[str | Promise], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a CSV for Excel in French Canada: a byte-order mark, semicolons."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write("\ufeff")
    for row in _all(header, rows):
        writer.writerow([csv_text(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _all(header: Sequence[str | Promise], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield [str(label) for label in header]
    yield from rows


def write_xlsx(
    file: BinaryIO, *, title: str, header: Sequence[str | Promise], rows: Iterable[Sequence[Any]], about: Iterable[str]
) -> None:
    """Write a workbook: the table, then a sheet that says where it comes from. Texts are texts, never formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Liste")
    sheet.freeze_panes = "B2"
    for number, label in enumerate(header):
        letter = chr(65 + number) if number < 26 else f"A{chr(65 + number - 26)}"
        sheet.column_dimensions[letter].width = max(12, min(40, len(str(label)) + 4)) if number else 40

    def cell(value: Any) -> Any:
        value = plain_value(value)
        if not isinstance(value, str) or not (value.startswith("#") or is_formula(value)):
            return value
        made = WriteOnlyCell(sheet, value)
        made.data_type = "s"  # openpyxl would make it a formula, or an error
        made.quotePrefix = True  # still a text once edited
        return made

    head = []
    for label in header:
        made = WriteOnlyCell(sheet, str(label))
        made.font = Font(bold=True)
        made.alignment = Alignment(wrap_text=True, vertical="top")
        head.append(made)
    sheet.append(head)
    for row in rows:
        sheet.append([cell(value) for value in row])
    notes = book.create_sheet(_("À propos"))
    notes.column_dimensions["A"].width = 90
    for line in about:
        notes.append([cell(line)])
    book.save(file)


def download(
    *, form: str, name: str, header: Sequence[str | Promise], rows: Iterable[Sequence[Any]], about: Iterable[str]
) -> HttpResponseBase:
    """The table as a file to keep: CSV line by line, XLSX from a temporary file."""
    file_name = f"{slugify(name)[:60] or 'liste'}-{timezone.localdate().isoformat()}.{form}"
    response: HttpResponseBase
    if form == "csv":
        response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        write_xlsx(file, title=name, header=header, rows=rows, about=about)
        file.seek(0)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = FileResponse(file, as_attachment=True, filename=file_name, content_type=kind)
    response["X-Robots-Tag"] = "noindex"
    return response
