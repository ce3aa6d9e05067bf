"""The territory's portrait measured over 100,000 loans: nothing kept, then kept; beside its SQL and its template alone.

python -m bench.portrait
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import report
from bench.databases import cluster, portrait
from bench.measure import Portal
from bench.pages import KINDS, MRCS, Measure
from bench.serve import collect_static, serving
from mutualisation.launcher.speech import say, speaking

FRESH_MS, KEPT_MS, QUERIES = 1000.0, 60.0, 12
FRESH, KEPT = "Portrait, rien en cache", "Portrait filtré, en cache"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench.portrait", description="Les mesures du portrait.")
    asked.add_argument("--tours", type=int, default=3)
    asked.add_argument("--requetes", type=int, default=8)
    chosen = asked.parse_args()
    with cluster() as base, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url, seed = portrait(base)
        measure(url, seed, Path(folder), tours=chosen.tours, count=chosen.requetes)
    return 0


def measure(url: str, seed: dict[str, Any], var: Path, *, tours: int, count: int) -> int:
    """Printed; gives how many targets were missed."""
    say(f"\nPortrait : {seed['loans']} prêts, charge {os.getloadavg()[0]:.2f} au départ.")
    var.chmod(0o755)
    collect_static(url, var)
    filtered = tuple(f"/portrait/?mrc=mrc-{MRCS[n % len(MRCS)]}&sorte={kind}" for n, kind in enumerate(KINDS))
    wanted = [Measure(FRESH, ("/portrait/",)), Measure(KEPT, filtered, fresh=False)]
    with serving(url, var) as port, contextlib.closing(Portal(port, url)) as portal:
        lines = [portal.prepare(one) for one in wanted]
        for _tour in range(tours):
            for line in lines:
                portal.round(line, count=count, burst=False)
    say(report.table("Portrait, 20 000 ressources, 100 000 prêts", lines))
    said = []
    for line, most in zip(lines, (FRESH_MS, KEPT_MS), strict=True):
        row = line.as_row()
        said.append((row["p50"] <= most, f"{row['label']} : {row['p50']:.0f} ms ≤ {most:.0f} ms"))
        said.append((row["queries"] <= QUERIES, f"{row['label']} : {row['queries']} requêtes ≤ {QUERIES}"))
    say("\nCibles du portrait")
    for good, sentence in said:
        say(f"  {'✓' if good else '✗'} {sentence}")
    return sum(not good for good, _sentence in said)


if __name__ == "__main__":
    sys.exit(speaking(main))
