"""`manage.py loadcontent`: the reference data of a portal, and fixtures by name."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from directory.exchange.fixtures import FixtureError, fixture_files, load
from toolbox import content as toolbox

REFERENCE = ["territories", "postal_areas", "sectors", "categories", "synonyms", "checklists"]


class Command(BaseCommand):
    help = "Charge des jeux de données de fixtures/ (sans nom : les données de référence)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", help="Noms sans extension, ou chemins de fichiers.")
        parser.add_argument("--update", action="store_true", help="Réécrit aussi les lignes qui existent déjà.")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["names"] or REFERENCE
        try:
            paths = [Path(n) for n in names if "/" in n or "." in n]
            paths += fixture_files(settings.FIXTURE_DIRS[0], [n for n in names if "/" not in n and "." not in n])
            done = load(paths, update=options["update"])
        except FixtureError as error:
            raise CommandError(str(error)) from error
        if not options["names"]:
            toolbox.load(settings.FIXTURE_DIRS[0])
        self.stdout.write(f"{done.created} lignes écrites, {done.kept} laissées telles quelles.")
