"""What a resource lacks to be useful, in the order in which it helps most."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.models import Kind, Resource


@dataclass(frozen=True)
class Step:
    """One thing to add, and where."""

    label: str | Promise
    address: str


@dataclass(frozen=True)
class Completeness:
    """How complete, from 0 to 100, and what to add next."""

    percent: int
    missing: list[Step]

    @property
    def following(self) -> Step | None:
        return self.missing[0] if self.missing else None


def completeness(resource: Resource) -> Completeness:
    """Reads photos and hours from what is prefetched: call it on ``with_parts`` of a list."""
    edit = reverse("resource_edit", args=[resource.slug])
    photos = list(resource.photos.all())
    gallery = reverse("resource_photos", args=[resource.slug])
    checks: list[tuple[bool, str | Promise, str]] = [
        (bool(photos), _("Ajoutez une photo"), gallery),
        (all(p.alt for p in photos), _("Décrivez vos photos"), gallery),
        (len(resource.description) >= 40, _("Ajoutez une description"), f"{edit}#id_description"),
    ]
    if resource.kind == Kind.MATERIEL:
        checks += [
            (bool(resource.condition), _("Dites en quel état c’est"), f"{edit}#id_condition"),
            (bool(resource.handling), _("Dites comment on vient le chercher"), f"{edit}#id_handling"),
            (bool(resource.accessories), _("Dites ce qui vient avec"), f"{edit}#id_accessories"),
        ]
    elif resource.kind == Kind.LOCAUX:
        checks += [
            (
                bool(resource.capacity_seated or resource.capacity_standing),
                _("Dites combien de personnes y tiennent"),
                f"{edit}#id_capacity_seated",
            ),
            (bool(resource.opening_hours.all()), _("Ajoutez les heures d’ouverture"), f"{edit}#heures"),
            (bool(resource.equipment), _("Dites ce qu’on trouve sur place"), f"{edit}#id_equipment"),
            (bool(resource.accessibility), _("Dites comment le lieu est accessible"), f"{edit}#id_accessibility"),
            (bool(resource.address), _("Ajoutez l’adresse civique"), f"{edit}#id_address"),
        ]
    elif resource.kind == Kind.HUMAIN:
        checks += [
            (bool(resource.tasks), _("Décrivez les tâches"), f"{edit}#id_tasks"),
            (bool(resource.time_share), _("Dites la part de temps"), f"{edit}#id_time_share"),
            (bool(resource.supervision), _("Dites qui encadre"), f"{edit}#id_supervision"),
        ]
    else:
        checks += [
            (bool(resource.format), _("Dites sous quelle forme"), f"{edit}#id_format"),
            (bool(resource.delivery), _("Dites où cela se passe"), f"{edit}#id_delivery"),
            (bool(resource.audience), _("Dites pour qui"), f"{edit}#id_audience"),
        ]
    missing = [Step(label, address) for done, label, address in checks if not done]
    # The essential of the form counts for half: it is always there.
    return Completeness(50 + round(50 * (len(checks) - len(missing)) / len(checks)), missing)
