"""`make bench`: seeds, serves, measures, prints; a few minutes. `python -m bench --help` for a part of it."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from bench import agenda, report
from bench.databases import SIZES, cluster, seeded
from bench.databases import agenda as seeded_agenda
from bench.load import Client
from bench.measure import Line, Portal, details_of
from bench.pages import measures
from bench.serve import collect_static, serving
from bench.weight import weigh
from mutualisation.launcher.speech import say, speaking

WEIGHED = ("/ressources/", "/organismes/", "/pratiques/", "/", "/ressources/?vue=carte")


def main() -> int:
    asked = _arguments()
    sizes = [asked.taille] if asked.taille else list(SIZES)
    with cluster() as base, tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        databases = {size: seeded(base, size) for size in sizes}
        with_agenda = not (asked.taille or asked.seulement or asked.profil or asked.sans_agenda)
        calendar = seeded_agenda(base) if with_agenda else None
        if asked.semer:
            return 0
        var = Path(folder)
        var.chmod(0o755)
        collect_static(base, var)
        portals = {}
        for size, (url, _seed) in databases.items():
            portals[size] = Portal(stack.enter_context(serving(url, var)), url)
            stack.callback(portals[size].close)
        if asked.profil:
            for portal in portals.values():
                for _ in range(3):
                    portal.client.get(asked.profil, "frais")
                say(portal.client.get(asked.profil, "profil " + ("" if asked.cache else "frais"))[2].decode())
            return 0
        _measure(asked, portals, {size: seed for size, (_url, seed) in databases.items()})
        if calendar:
            stack.close()  # the servers of the lists rest
            agenda.measure(*calendar, var, tours=asked.tours, count=asked.requetes)
        return 0


def _measure(asked: argparse.Namespace, portals: dict[int, Portal], seeds: dict[int, dict]) -> int:
    lines: dict[int, list[Line]] = {}
    for size, portal in portals.items():
        wanted = measures(seeds[size]["words"], details_of(portal))
        chosen = [m for m in wanted if asked.seulement.lower() in m.label.lower()]
        lines[size] = [portal.prepare(measure) for measure in chosen]
    say(f"Mesure : {asked.tours} tours, charge {os.getloadavg()[0]:.2f} au départ.")
    for number in range(asked.tours):
        for row in zip(*lines.values(), strict=True):
            for size, line in zip(lines, row, strict=True):
                portals[size].round(line, count=asked.requetes, burst=not asked.sans_debit)
        say(f"  tour {number + 1} : charge {os.getloadavg()[0]:.2f}")
    for size, some in lines.items():
        say(report.table(f"{size} entrées", some))
    largest = max(portals)
    client = Client(portals[largest].port)
    weights = [weigh(client, address) for address in WEIGHED]
    client.close()
    say("\nPoids d’une première visite (octets transférés)")
    for weight in weights:
        files = ", ".join(f"{name.split('.')[0]} {n}" for name, n in weight.files.items())
        say(f"  {weight.address:<24} {weight.total:>7} dont HTML {weight.html} ({files})")
    small, large = lines[min(lines)], lines[max(lines)]
    text, missed = report.targets(small, large, weights)
    say(text)
    say(f"\n{'✓ Toutes les cibles sont atteintes.' if not missed else f'✗ {missed} cible(s) manquée(s).'}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Les mesures du portail.")
    parser.add_argument("--taille", type=int, choices=list(SIZES), help="une seule base")
    parser.add_argument("--seulement", default="", help="les lignes dont le nom contient ces mots")
    parser.add_argument("--tours", type=int, default=5, help="combien de fois chaque ligne est mesurée")
    parser.add_argument("--requetes", type=int, default=40, help="requêtes par ligne et par tour")
    parser.add_argument("--sans-debit", action="store_true", help="sans les réponses par seconde")
    parser.add_argument("--sans-agenda", action="store_true", help="sans les mesures de l’agenda")
    parser.add_argument("--semer", action="store_true", help="seulement préparer les bases")
    parser.add_argument("--profil", default="", metavar="ADRESSE", help="où passe le temps d’une adresse")
    parser.add_argument("--cache", action="store_true", help="avec --profil : sans vider le cache")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(speaking(main))
