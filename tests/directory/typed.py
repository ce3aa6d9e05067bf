"""What a person types in the form of a resource, for the tests that send it."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.urls import reverse

from directory.models import Kind, Resource
from tests.factories import CategoryFactory

PARTICULAR: dict[str, dict[str, Any]] = {
    Kind.MATERIEL: {
        "quantity": "12",
        "condition": "bon",
        "handling": "retrait",
        "deposit": "50,00",
        "min_minutes": "1440",
    },
    Kind.LOCAUX: {
        "capacity_seated": "120",
        "equipment": "Projecteur\nCuisinette\n\nProjecteur",
        "accessibility": ["entree_sans_marche", "ascenseur"],
        "buffer_minutes": "30",
        "h1_0_o": "09:00",
        "h1_0_f": "12:00",
        "h1_1_o": "13 h",
        "h1_1_f": "17h30",
    },
    Kind.HUMAIN: {"time_share": "deux jours par semaine", "schedule": "mardi et jeudi", "days_per_week": "2,5"},
    Kind.EXPERTISE: {"format": "formation", "delivery": "a_distance", "languages": ["fr", "es"]},
}


def filled(kind: str, membership: Any, **more: Any) -> dict[str, Any]:
    """A form filled as a person would: the essential, and a little of what the kind asks."""
    return {
        "organisation": str(membership.organisation_id),
        "once": str(uuid.uuid4()),
        "name": "Salle à l’étage",
        "summary": "Pour vos rencontres.",
        "category": str(CategoryFactory(kind=kind).pk),
        "territory": str(membership.organisation.territory_id),
        "cost_mode": "gratuit",
        "visibility": "everyone",
        "notice_hours": "24",
        "horizon_days": "180",
        **PARTICULAR[kind],
        **more,
    }


def posted(client: Client, kind: str, data: dict[str, Any]) -> Any:
    return client.post(reverse("resource_create", args=[kind]), data)


def page_of(client: Client, resource: Resource) -> tuple[str, dict[str, Any]]:
    """The edit page, and what its form would send as it stands."""
    page = client.get(reverse("resource_edit", args=[resource.slug]))
    form = page.context["form"]
    data: dict[str, Any] = {"versions": page.context["versions"], "organisation": str(resource.organisation_id)}
    for name in form.fields:
        value = form[name].value()
        if isinstance(value, list):
            data[name] = [str(getattr(v, "pk", v)) for v in value]
        elif value not in (None, "", False) and name != "versions":
            written = form.fields[name].widget.format_value(value) if value is not True else "on"
            data[name] = written[0] if isinstance(written, list) else str(written)
    return page.content.decode(), data
