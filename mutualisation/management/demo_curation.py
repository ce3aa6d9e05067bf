"""What makes the curators’ queue of the demonstration worth emptying: each reason to decide, dated from today."""

from __future__ import annotations

import datetime
from typing import Any

import pghistory
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from directory.models import JoinRequest, Need, Organisation, Practice, Report, Resource
from mutualisation.kernel.publication import Freshness, Status

AUTHOR = "membre@portail.example"
NEWCOMER = "nouvelle@portail.example"

# Changed by their people and not read yet: slug → what changed.
CHANGED: dict[str, dict[str, Any]] = {
    "douze-chaudrons-de-40-litres": {
        "quantity": 10,
        "summary": "Prêtés à l’unité ou en lot, couvercles et louches fournis.",
    },
}
CHANGED_BY_KIND = 5  # and the first of each other kind, whose description gains a line
STALE = ("second", "reminded", "hidden")
ORPHAN = "loisirs-saint-louis"
REPORTED = "quatre-congelateurs-verticaux"
REPORT = "Nous y sommes allés mardi : il n’en reste que deux, et un seul a ses roulettes."
NOTE = "Dites de quelle hauteur : les étagères de La Réserve des Trois-Lacs font deux mètres."
RETURNED = "rayonnage-pour-les-paniers"  # the last thing written: there, all of it was
WRITTEN_ON = datetime.date(2026, 11, 21)  # the day that the dates of demo_needs.yaml are told from


def ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


@transaction.atomic
def fill_the_queue() -> None:
    """Idempotent: what was decided since is left alone, because only untouched rows are changed."""
    if Need.objects.filter(slug=RETURNED).exists():
        return
    author = User.objects.filter(email=AUTHOR).first()
    newcomer = User.objects.filter(email=NEWCOMER).first()
    Practice.objects.filter(slug="deux-cuisines-un-seul-camion").update(proposed_by=newcomer)
    Organisation.objects.filter(slug=ORPHAN).update(orphan_since=ago(6))
    with pghistory.context(user=author.pk if author else None, url="/ressources/modifier/"):
        _change()
    _age()
    _bring_needs_to_today()
    if reported := Resource.objects.filter(slug=REPORTED).first():
        Report.objects.create(entry=reported, message=REPORT, created_at=ago(2))
    asked = Organisation.objects.filter(slug="carrefour-du-canal").first()
    if newcomer and asked:
        JoinRequest.objects.create(
            user=newcomer, organisation=asked, message="J’y donne un coup de main le jeudi.", created_at=ago(7)
        )
    if kitchen := Organisation.objects.filter(slug="la-marmite-solidaire").first():
        Need.objects.create(
            organisation=kitchen, slug=RETURNED, kind="materiel", is_demo=True, quantity=3,
            name="Rayonnage pour les paniers", territory=kitchen.territory, created_by=author,
            reason="Trois étagères de métal, de la fin novembre à la mi-janvier.", status=Status.RETURNED,
            returned_note=NOTE,
        )  # fmt: skip


def _change() -> None:
    """Entries that their people changed: they await re-reading, before and after side by side."""
    for slug, values in CHANGED.items():
        Resource.objects.filter(slug=slug).update(**values, review_since=ago(1))
    others = Resource.objects.filter(is_demo=True, status=Status.PUBLISHED).exclude(slug__in=CHANGED)
    for n, resource in enumerate(others.order_by("sort_key", "id")[:CHANGED_BY_KIND]):
        resource.conditions = (resource.conditions + " Réservez au moins une semaine d’avance.").strip()
        resource.review_since = ago(n + 1)
        resource.save(update_fields=["conditions", "review_since"])


def _age() -> None:
    """Entries that nobody confirmed: one step each, the last ones of the list."""
    old = Resource.objects.filter(is_demo=True, status=Status.PUBLISHED, review_since__isnull=True)
    old = old.filter(organisation__territory__parent__slug="mrc-beauharnois-salaberry").exclude(slug=REPORTED)
    for step, resource in zip(STALE, old.order_by("-sort_key", "-id"), strict=False):
        Resource.objects.filter(pk=resource.pk).update(
            freshness=Freshness(step), freshness_at=ago(10), verified_at=ago(400)
        )


def _bring_needs_to_today() -> None:
    """The demonstration is tried on any day: what is looked for is looked for from that day on."""
    late = timezone.localdate() - WRITTEN_ON
    if late <= datetime.timedelta(0):
        return
    for need in Need.objects.filter(is_demo=True, published_at__isnull=False):
        for name in ("starts_on", "ends_on", "published_at", "created_at", "verified_at"):
            if value := getattr(need, name):
                setattr(need, name, value + late)
        need.save()
