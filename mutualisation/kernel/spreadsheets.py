"""Tables for people’s spreadsheets: CSV and XLSX that Excel in French Canada opens as is, and that run nothing."""

from __future__ import annotations

import csv
import datetime
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
from openpyxl.utils import get_column_letter

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


MONEY, HOURS, DAY = '#,##0.00\\ "$"', "#,##0.00", "yyyy-mm-dd"  # Excel puts its reader’s separators


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook. ``formats``: how columns show numbers; ``total``: a line below, not filtered."""

    title: str
    header: Sequence[str | Promise]
    rows: Iterable[Sequence[Any]]
    formats: Sequence[str] = ()
    total: Sequence[Any] = ()


def write_xlsx(file: BinaryIO, *, sheets: Sequence[Sheet], notes: str, about: Iterable[str]) -> None:
    """Write a workbook: tables, then a sheet of notes (where it comes from). Texts are texts, never formulas."""
    book = Workbook(write_only=True)
    for one in sheets:
        _write_sheet(book, one)
    last = book.create_sheet(_sheet_title(notes))
    last.column_dimensions["A"].width = 90
    for line in about:
        made = _cell(last, line)
        made.alignment = Alignment(wrap_text=True, vertical="top")
        last.append([made])
    book.save(file)


def _sheet_title(text: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", text)[:31] or "Liste"


def _write_sheet(book: Any, one: Sheet) -> None:
    """Its header stays in sight and filters; what the lines hold decides what may be sorted."""
    sheet = book.create_sheet(_sheet_title(one.title))
    sheet.freeze_panes = "B2"
    for number, label in enumerate(one.header):
        sheet.column_dimensions[get_column_letter(number + 1)].width = (
            max(12, min(40, len(str(label)) + 4)) if number else 40
        )
    shown = [*one.formats, *[""] * (len(one.header) - len(one.formats))]
    head = [_cell(sheet, str(label)) for label in one.header]
    for made in head:
        made.font, made.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    sheet.append(head)
    count = 1
    for count, row in enumerate(one.rows, 2):  # noqa: B007 - how many there were
        sheet.append([_plain_cell(sheet, value, shape) for value, shape in zip(row, shown, strict=True)])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(one.header))}{count}"
    if one.total:
        last = [_cell(sheet, value, shape) for value, shape in zip(one.total, shown, strict=True)]
        for made in last:
            made.font = Font(bold=True)
        sheet.append(last)


def _cell(sheet: Any, value: Any, shape: str = "") -> Any:
    """A cell to style: a number or a date stays one, a text that could run is held as a text."""
    value = plain_value(value)
    made = WriteOnlyCell(sheet, value)
    if _could_run(value):
        made.data_type = "s"  # openpyxl would make it a formula, or an error
        made.quotePrefix = True  # still a text once edited
    elif isinstance(value, datetime.date):
        made.number_format = DAY
    elif shape and not isinstance(value, str):
        made.number_format = shape
    return made


def _plain_cell(sheet: Any, value: Any, shape: str) -> Any:
    """The value itself where nothing has to be said of it: thousands of cells are."""
    value = plain_value(value)
    return _cell(sheet, value, shape) if shape or _could_run(value) else value


def _could_run(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith("#") or is_formula(value))


def download(
    *, form: str, name: str, header: Sequence[str | Promise], rows: Iterable[Sequence[Any]], about: Iterable[str]
) -> HttpResponseBase:
    """The table as a file to keep: CSV line by line, XLSX from a temporary file."""
    return workbook(form=form, name=name, sheets=[Sheet(name, header, rows)], notes=_("À propos"), about=about)


def workbook(*, form: str, name: str, sheets: Sequence[Sheet], notes: str, about: Iterable[str]) -> HttpResponseBase:
    """The tables as a file to keep; a CSV holds the first one only, without its total."""
    file_name = f"{slugify(name)[:60] or 'liste'}-{timezone.localdate().isoformat()}.{form}"
    response: HttpResponseBase
    if form == "csv":
        lines = csv_lines(sheets[0].header, sheets[0].rows)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        write_xlsx(file, sheets=sheets, notes=notes, about=about)
        file.seek(0)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = FileResponse(file, as_attachment=True, filename=file_name, content_type=kind)
    response["X-Robots-Tag"] = "noindex"
    return response
