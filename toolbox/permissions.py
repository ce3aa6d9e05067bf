"""Who keeps the model agreements: curators those of the portal, and those of the networks they answer for."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from directory.models import Organisation
from directory.permissions import can_curate, curated_territories, is_member
from toolbox.models import ModelAgreement


def can_keep_models(user: Any) -> bool:
    """Those who open the curators' desk."""
    return curated_territories(user) != []


def can_edit_model(user: Any, model: ModelAgreement) -> bool:
    """A model of the portal belongs to every curator; a network's own, to its people and to those of its territory."""
    if not can_keep_models(user):
        return False
    return model.owner is None or is_member(user, model.owner) or can_curate(user, model.owner)


def networks_of(user: Any) -> QuerySet[Organisation]:
    """The networks for which this person may make a model of their own."""
    networks = Organisation.objects.published().filter(is_network=True).order_by("sort_key", "id")
    territories = curated_territories(user)
    if territories is None:
        return networks
    return networks.filter(Q(memberships__user=user) | Q(territory__in=territories)).distinct()
