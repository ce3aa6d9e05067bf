"""One line measured: the page by the server, the same SQL alone, the same template alone; several short rounds."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench.load import Client, quantile, series, throughput
from bench.pages import Measure

REQUESTS = 40  # of each line in a round
BURST_SECONDS = 0.8


@dataclass
class Figures:
    """What the rounds gave, in milliseconds: a median and a p95 each; ``best`` is the lowest tenth of the calmest."""

    p50s: list[float] = field(default_factory=list)
    p95s: list[float] = field(default_factory=list)
    best: float = float("inf")
    cpus: list[float] = field(default_factory=list)

    def add(self, values: list[float], worked: list[float] | None = None) -> None:
        self.cpus.append(statistics.median(worked) if worked else 0.0)
        self.p50s.append(statistics.median(values))
        self.p95s.append(quantile(values, 0.95))
        self.best = min(self.best, quantile(values, 0.1))

    @property
    def p50(self) -> float:
        return statistics.median(self.p50s)

    @property
    def p95(self) -> float:
        return statistics.median(self.p95s)

    @property
    def noise(self) -> float:
        """How far the medians of the rounds are from one another, as a share."""
        return (max(self.p50s) - min(self.p50s)) / self.p50 if self.p50s else 0.0


@dataclass
class Line:
    """A measure on one database."""

    measure: Measure
    statements: list[list[str]] = field(default_factory=list)
    page: Figures = field(default_factory=Figures)
    sql: Figures = field(default_factory=Figures)
    constant: Figures = field(default_factory=Figures)
    rates: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates) if self.rates else 0.0

    @property
    def floor(self) -> float:
        """What the page could cost at best: its SQL, and its template."""
        return self.sql.p50 + (self.constant.p50 if self.constant.p50s else 0.0)

    @property
    def ratio(self) -> float:
        """How many times that."""
        return self.page.p50 / self.floor if self.floor else 0.0

    def as_row(self) -> dict[str, Any]:
        return {
            "label": self.measure.label,
            "best": self.page.best,
            "cpu": min(self.page.cpus),
            "p50": self.page.p50,
            "p95": self.page.p95,
            "rate": self.rate,
            "sql": self.sql.p50,
            "constant": self.constant.p50 if self.constant.p50s else None,
            "queries": max(len(s) for s in self.statements),
            "noise": self.page.noise,
            "bytes": self.size,
        }


class Portal:
    """A served database: its client, and a connection of our own to it."""

    def __init__(self, port: int, url: str) -> None:
        self.port = port
        self.client = Client(port)
        self.raw = psycopg.connect(url, autocommit=True)

    def prepare(self, measure: Measure) -> Line:
        """Warm up; learn the SQL of each address and keep its context for the constant page."""
        line = Line(measure)
        for address in measure.addresses:
            _took, _response, body = self.client.get(address, measure.bench)
            line.size = max(line.size, len(body))
            _took, _response, body = self.client.get(address, f"sql {measure.bench}")
            line.statements.append([q["sql"] for q in json.loads(body)["queries"]])
            if measure.kind != "données":
                self.client.get("/constante" + address)
        return line

    def round(self, line: Line, *, count: int = REQUESTS, burst: bool = True) -> None:
        """One short round: page, SQL and template in turn, so that a noisy neighbour weighs on all three."""
        measure = line.measure
        # other lines have emptied the cache: what is measured cached is first put there
        series(self.client, measure.addresses, 3 if measure.fresh else len(measure.addresses), measure.bench)
        line.page.add(*series(self.client, measure.addresses, count, measure.bench))
        line.sql.add(self.replay(line.statements, count))
        if measure.kind != "données":
            constants = ["/constante" + address for address in measure.addresses]
            series(self.client, constants, 3, measure.bench)  # pieces kept for an hour: kept, or not, on both sides
            line.constant.add(*series(self.client, constants, count, measure.bench))
        if burst:
            line.rates.append(throughput(self.port, measure.addresses, BURST_SECONDS, measure.bench))

    def replay(self, statements: list[list[str]], count: int) -> list[float]:
        """Milliseconds of the SQL of one page, rows fetched, ``count`` times."""
        took = []
        for n in range(count):
            started = time.perf_counter()
            for statement in statements[n % len(statements)]:
                cursor = self.raw.execute(statement)  # type: ignore[call-overload]
                if cursor.description:
                    cursor.fetchall()
            took.append(1000 * (time.perf_counter() - started))
        return took

    def close(self) -> None:
        self.client.close()
        self.raw.close()


def details_of(portal: Portal) -> dict[str, list[str]]:
    """A few pages of each noun, spread over the table."""
    tables = {
        "resource": "directory_resource",
        "organisation": "directory_organisation",
        "practice": "directory_practice",
    }
    visible = {
        "resource": "status = 'published' AND organisation_id IN"
        " (SELECT id FROM directory_organisation WHERE status = 'published')",
        "organisation": "status = 'published'",
        "practice": "status = 'published'",
    }
    return {
        noun: [
            row[0]
            for row in portal.raw.execute(
                f"SELECT slug FROM {table} WHERE {visible[noun]} ORDER BY md5(slug) LIMIT 20"  # noqa: S608
            )
        ]
        for noun, table in tables.items()
    }
