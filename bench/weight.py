"""What a first visit transfers: the page, then each style, script and drawing that it names, compressed as sent."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass

from bench.load import Client

_NAMED = re.compile(r'(?:href|src)="(/static/[^"#?]+)')
KEPT = (".css", ".js", ".svg", ".woff2")


@dataclass(frozen=True)
class Weight:
    """Bytes as transferred."""

    address: str
    html: int
    raw: int
    files: dict[str, int]

    @property
    def total(self) -> int:
        return self.html + sum(self.files.values())


def weigh(client: Client, address: str) -> Weight:
    _took, response, body = client.get(address)
    html = gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body
    files = {}
    for name in sorted(set(_NAMED.findall(html.decode()))):
        if name.endswith(KEPT):
            files[name.rsplit("/", 1)[-1]] = len(client.get(name)[2])
    return Weight(address, len(body), len(html), files)
