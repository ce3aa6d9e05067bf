"""`manage.py demo`: everything to try the portal: reference data, real content, a believable territory, accounts."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import consents
from accounts.models import User
from accounts.models.consent import Purpose
from directory.exchange.fixtures import FixtureError, fixture_files, load
from directory.models import Curatorship, Membership, Organisation, Role, Territory
from mutualisation.management.commands.curators import GROUP
from mutualisation.management.commands.loadcontent import REFERENCE
from mutualisation.management.demo_agreements import agree_and_sign
from mutualisation.management.demo_communities import bring_together
from mutualisation.management.demo_curation import fill_the_queue
from mutualisation.management.demo_loans import lend_and_borrow
from mutualisation.management.demo_pictures import show_the_hall
from mutualisation.management.demo_projects import build_together
from toolbox import content as toolbox

CONTENT = [
    "organisations", "practices", "projects", "demo_organisations", "demo_resources", "demo_needs", "demo_curation",
    "demo_restricted",
]  # fmt: skip
PASSWORD = "mutualisation"  # noqa: S105 - printed to whoever tries the demo


@dataclass(frozen=True)
class Account:
    """Someone to be while trying the portal: a role of each kind."""

    email: str
    name: str
    says: str
    function: str = ""
    staff: bool = False
    administrator: bool = False
    curates: tuple[str, ...] = ()
    manages: str = ""
    belongs_to: str = ""


ACCOUNTS = [
    Account("admin@portail.example", "Claire Administration", "administratrice", staff=True, administrator=True),
    Account(
        "curation@portail.example", "Nadia Beaulieu", "curatrice : Beauharnois-Salaberry et Vaudreuil-Soulanges",
        "agente de liaison, CDC", staff=True, curates=("mrc-beauharnois-salaberry", "mrc-vaudreuil-soulanges"),
    ),
    Account(
        "curation2@portail.example", "Marc-André Roy", "curateur : Roussillon",
        "agent de développement, CDC", staff=True, curates=("mrc-roussillon",),
    ),
    Account(
        "gestion@portail.example", "Odile Marchessault", "gestionnaire : Carrefour du Canal",
        "coordination", manages="carrefour-du-canal",
    ),
    Account(
        "membre@portail.example", "Jean-Guy Tremblay", "membre : La Marmite solidaire",
        "cuisine et achats", belongs_to="la-marmite-solidaire",
    ),
    Account("nouvelle@portail.example", "Sofia Haddad", "personne sans organisme"),
]  # fmt: skip


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
                toolbox.load(settings.FIXTURE_DIRS[0])
                self.create_accounts()
                show_the_hall()
            fill_the_queue()  # its own transaction: before and after are told apart by their time
            lend_and_borrow()
            build_together()
            agree_and_sign()
            bring_together()
        except FixtureError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Contenu de démonstration : {done.created} lignes.")

    def create_accounts(self) -> None:
        from django.core.management import call_command

        call_command("curators", verbosity=0)
        from django.contrib.auth.models import Group

        team = Group.objects.get(name=GROUP)
        for account in ACCOUNTS:
            if User.objects.filter(email=account.email).exists():
                continue
            user = User.objects.create_user(
                account.email, PASSWORD, name=account.name, function=account.function,
                is_staff=account.staff, is_superuser=account.administrator,
            )  # fmt: skip
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            consents.give(by=user, purpose=Purpose.TERMS)
            if account.staff and not account.administrator:
                user.groups.add(team)
            for territory in Territory.objects.filter(slug__in=account.curates):
                Curatorship.objects.create(user=user, territory=territory)
            for slug, role in ((account.manages, Role.MANAGER), (account.belongs_to, Role.MEMBER)):
                if organisation := Organisation.objects.filter(slug=slug).first():
                    Membership.objects.create(user=user, organisation=organisation, role=role)

    def show_accounts(self) -> None:
        found = User.objects.filter(email__in=[a.email for a in ACCOUNTS], is_active=True)
        known = set(found.values_list("email", flat=True))
        if not known:
            return
        self.stdout.write(f"Comptes pour essayer (mot de passe : {PASSWORD}) :")
        for account in ACCOUNTS:
            if account.email in known:
                self.stdout.write(f"  {account.email:<28} {account.says}")
        if settings.DEMO:
            self.stdout.write(f"Courriels envoyés : {settings.SITE_URL}/courriels/")
