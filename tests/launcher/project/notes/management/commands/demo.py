"""The demo command, as the launcher calls it."""

from typing import Any

from django.core.management.base import BaseCommand

from notes.models import Note


class Command(BaseCommand):
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--accounts", action="store_true")

    def handle(self, *args: Any, once: bool, accounts: bool, **options: Any) -> None:
        if accounts:
            self.stdout.write("demo@exemple.test")
        elif once and not Note.objects.exists():
            Note.objects.create(text="démonstration")
