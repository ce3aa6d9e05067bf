"""Files sent to us: what is too large is dropped while it arrives, rather than filling the disk first."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

MAX_FILE = 15 * 1024 * 1024
MAX_REQUEST = 8 * MAX_FILE + 1024 * 1024
_SKIPPED = "mutualisation.skipped_files"


class BoundedUploadHandler(FileUploadHandler):
    """First in ``FILE_UPLOAD_HANDLERS``: skips a file past its limit and remembers its name."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803 - Django's name
        if content_length > MAX_REQUEST:
            raise RequestDataTooBig("Un envoi compte au plus 120 Mo.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) > MAX_FILE:
            if self.request is not None:
                self.request.META.setdefault(_SKIPPED, []).append(str(self.file_name)[:80])
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def too_large(request: HttpRequest) -> list[str]:
    """The names of the files of this request that were too large to be kept."""
    request.FILES  # noqa: B018 - reads the request
    return list(request.META.get(_SKIPPED, []))
