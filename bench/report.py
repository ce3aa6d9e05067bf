"""The figures as printed, and what was aimed at: ✓ or ✗."""

from __future__ import annotations

from bench.measure import Line
from bench.weight import Weight

SEARCH_MS, DETAIL_MS, RATIO = 15.0, 8.0, 1.5
PAGE_BYTES, HTML_BYTES = 60_000, 14_000
COLUMNS = {"Python": 8, "au mieux": 10, "p50": 8, "p95": 8, "rép./s": 8, "SQL": 8, "gabarit": 9}
COLUMNS |= {"× plancher": 12, "requêtes": 10, "bruit": 7}
LEGEND = "Python : processeur du serveur ; gabarit : la même page, rangées constantes ; plancher : SQL + gabarit"


def table(title: str, lines: list[Line]) -> str:
    """One database, one line a measure; milliseconds."""
    out = [f"\n{title} (ms)", LEGEND, " " * 38 + "".join(f"{name:>{width}}" for name, width in COLUMNS.items())]
    for line in lines:
        row = line.as_row()
        constant = f"{row['constant']:>9.1f}" if row["constant"] is not None else f"{'–':>9}"
        out.append(
            f"{row['label']:<38}{row['cpu']:>8.1f}{row['best']:>10.1f}{row['p50']:>8.1f}{row['p95']:>8.1f}"
            f"{row['rate']:>8.0f}{row['sql']:>8.1f}{constant}{line.ratio:>12.2f}{row['queries']:>10}{row['noise']:>7.0%}"
        )
    return "\n".join(out)


def targets(small: list[Line], large: list[Line], weights: list[Weight]) -> tuple[str, int]:
    """Each target with what was measured; and how many were missed."""
    out, missed = ["\nCibles"], 0

    def say(good: bool, sentence: str) -> None:
        nonlocal missed
        missed += not good
        out.append(f"  {'✓' if good else '✗'} {sentence}")

    for line in large:
        name, p50 = line.measure.label, line.page.p50
        if line.measure.kind == "recherche":
            say(p50 <= SEARCH_MS, f"{name} à 100 000 : {p50:.1f} ms ≤ {SEARCH_MS:.0f} ms")
            say(line.ratio <= RATIO, f"{name} à 100 000 : {line.ratio:.2f} × (SQL + gabarit) ≤ {RATIO} ×")
        elif line.measure.kind == "fiche":
            say(p50 <= DETAIL_MS, f"{name} à 100 000 : {p50:.1f} ms ≤ {DETAIL_MS:.0f} ms")
    for before, after in zip(small, large, strict=True):
        ratio = after.page.p95 / before.page.p95
        say(
            ratio <= RATIO,
            f"{after.measure.label} : p95 {before.page.p95:.1f} → {after.page.p95:.1f} ms, {ratio:.2f} × ≤ {RATIO} ×",
        )
    for weight in weights:
        say(
            weight.html <= HTML_BYTES,
            f"{weight.address} : HTML {weight.html} octets ≤ {HTML_BYTES} ({weight.raw} bruts)",
        )
        say(weight.total <= PAGE_BYTES, f"{weight.address} : {weight.total} octets à froid ≤ {PAGE_BYTES}")
    return "\n".join(out), missed
