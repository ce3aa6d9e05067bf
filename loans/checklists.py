"""What a hand-over or a return is called, and what is checked: by kind and by category."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from directory.models import Kind, Resource
from loans.models import Checklist, Loan, Moment


def title(loan: Loan, moment: str) -> str:
    """What the moment is called: one hands a thing over, a person begins."""
    begins = moment == Moment.HANDOVER
    if loan.resource.kind == Kind.HUMAIN:
        return _("Première journée") if begins else _("Dernière journée")
    if loan.resource.kind == Kind.EXPERTISE:
        return _("Début du mandat") if begins else _("Fin du mandat")
    return _("Remise") if begins else _("Retour")


def checklist(resource: Resource, moment: str) -> list[str]:
    """What to check, from the most particular list there is: of its category, of its parent, of its kind."""
    category = resource.category
    rank = {category.pk: 0, None: 2} | ({category.parent_id: 1} if category.parent_id else {})
    rows = Checklist.objects.filter(kind=resource.kind, moment=moment)
    rows = rows.filter(Q(category__isnull=True) | Q(category__in=[pk for pk in rank if pk]))
    best = min(rows, key=lambda row: rank[row.category_id], default=None)
    return list(best.items) if best else []
