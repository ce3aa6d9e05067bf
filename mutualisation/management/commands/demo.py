"""`manage.py demo`: everything to try the portal: reference data, real content, a believable territory, accounts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from directory.exchange.fixtures import FixtureError, fixture_files, load
from directory.models import Organisation
from mutualisation.management.commands.curators import GROUP
from mutualisation.management.commands.loadcontent import REFERENCE

CONTENT = ["organisations", "practices", "demo_organisations", "demo_resources"]
PASSWORD = "mutualisation"  # noqa: S105 - printed to whoever tries the demo
ACCOUNTS = [
    ("admin@portail.example", "Administration", {"is_staff": True, "is_superuser": True}),
    ("curation@portail.example", "Équipe CDC", {"is_staff": True}),
]


class Command(BaseCommand):
    help = "Charge le contenu de démonstration et les comptes pour l’essayer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Ne rien faire s’il y a déjà des organismes.")
        parser.add_argument("--accounts", action="store_true", help="Afficher seulement les comptes.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accounts"]:
            self.show_accounts()
            return
        if options["once"] and Organisation.objects.exists():
            return
        try:
            with transaction.atomic():
                done = load(list(fixture_files(settings.FIXTURE_DIRS[0], REFERENCE + CONTENT)))
                self.create_accounts()
        except FixtureError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Contenu de démonstration : {done.created} lignes.")

    def create_accounts(self) -> None:
        from django.core.management import call_command

        call_command("curators", verbosity=0)
        from django.contrib.auth.models import Group

        for email, name, rights in ACCOUNTS:
            if not User.objects.filter(email=email).exists():
                user = User.objects.create_user(email, PASSWORD, name=name, **rights)
                if not user.is_superuser:
                    user.groups.add(Group.objects.get(name=GROUP))

    def show_accounts(self) -> None:
        known = set(User.objects.filter(email__in=[a[0] for a in ACCOUNTS]).values_list("email", flat=True))
        for email, name, _rights in ACCOUNTS:
            if email in known:
                self.stdout.write(f"  {name:<16} {email:<28} mot de passe : {PASSWORD}")
