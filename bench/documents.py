"""What a document costs: a filled model of five pages as PDF, DOCX and ODT, one at a time and by two.

``python -m bench.documents``: no database, only pandoc and Typst, on the words of the first model.
"""

from __future__ import annotations

import datetime
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOURS = 20
TARGETS = {"pdf": 500, "docx": 1000, "odt": 1000}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mutualisation.settings")
    os.environ.setdefault("SECRET_KEY", "mesures")
    os.environ.setdefault("DATABASE_URL", "postgres://nulle-part/aucune")
    import django

    django.setup()
    from mutualisation.kernel.downloads import FORMS
    from mutualisation.kernel.paper import Paper, pandoc, read

    paper = Paper(title="Prêt de matériel", html=five_pages(), date=datetime.date(2026, 11, 21), author="Mesures",
                  watermark="PROJET")  # fmt: skip
    print(f"pandoc seul, texte vide : {median(lambda: pandoc('-f', 'html', '-t', 'json', text=b'')):.0f} ms")
    print(f"pandoc lit les cinq pages : {median(lambda: read(paper.html)):.0f} ms")
    missed = 0
    for form, (make, _type) in FORMS.items():
        start = time.perf_counter()
        make(paper)
        first = (time.perf_counter() - start) * 1000
        one = median(lambda make=make: make(paper))  # type: ignore[misc]
        with ThreadPoolExecutor(2) as two:
            start = time.perf_counter()
            list(two.map(make, [paper] * TOURS))
        rate = TOURS / (time.perf_counter() - start)
        kept = "✓" if one <= TARGETS[form] else "✗"
        missed += one > TARGETS[form]
        told = f"premier {first:4.0f} ms   médiane {one:4.0f} ms (≤ {TARGETS[form]}) {kept}   {rate:5.1f}/s à deux"
        print(f"{form:5} {told}")
    return missed


def median(act: Callable[[], object]) -> float:
    """Milliseconds, the median of some tours."""
    durations = []
    for _n in range(TOURS):
        start = time.perf_counter()
        act()
        durations.append((time.perf_counter() - start) * 1000)
    return statistics.median(durations)


def five_pages() -> str:
    """The first model as its draft has it: every clause, blanks filled by their samples."""
    import yaml
    from django.conf import settings

    from toolbox.composing import Blank, catalogue, fill, samples

    rows = yaml.safe_load((Path(settings.FIXTURE_DIRS[0]) / "model_agreements.yaml").read_text("utf-8"))
    own = [
        Blank(v["name"], v["label"], v["type"], choices=tuple((c["value"], c["label"]) for c in v.get("choices") or ()),
              sample=v.get("sample"))
        for v in rows[0]["variables"]
    ]  # fmt: skip
    blanks = {blank.name: blank for blank in [*catalogue(), *own]}
    values = samples(blanks)
    return "".join(
        f"<h2>{n}. {clause['title']}</h2>{fill(clause['body'], blanks, values)}"
        for n, clause in enumerate(rows[0]["clauses"], 1)
    )


if __name__ == "__main__":
    sys.exit(main())
