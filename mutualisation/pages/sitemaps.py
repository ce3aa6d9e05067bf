"""What search engines may list: published entries only."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from directory.models import Need, Organisation, Practice, Resource
from projects.models import Community, Project
from toolbox.models import ModelAgreement, Tool


class Entries(Sitemap):
    """The entries of one model that anyone may see."""

    limit = 5000

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def items(self) -> Any:
        return self.model.objects.visible_to(AnonymousUser()).listed().only("slug", "updated_at").order_by("id")

    def lastmod(self, item: Any) -> Any:
        return item.updated_at


class Pages(Sitemap):
    """The pages that always exist."""

    def items(self) -> list[str]:
        return [
            "home", "resource_list", "organisation_list", "practice_list", "need_list", "community_list",
            "project_list", "tool_list", "lexicon", "guided_path", "model_agreement_list", "about", "accessibility",
            "privacy", "credits", "legal", "portrait", "portrait_method", "need_groups",
        ]  # fmt: skip

    def location(self, item: str) -> str:
        return reverse(item)


class Agreements(Sitemap):
    """The model agreements in force."""

    def items(self) -> Any:
        return ModelAgreement.objects.in_force()

    def lastmod(self, item: Any) -> Any:
        return item.updated_at


SITEMAPS = {
    "pages": Pages,
    "ressources": lambda: Entries(Resource),
    "organismes": lambda: Entries(Organisation),
    "pratiques": lambda: Entries(Practice),
    "ententes": Agreements,
    "outils": lambda: Entries(Tool),
    "besoins": lambda: Entries(Need),
    "projets": lambda: Entries(Project),
    "communautes": lambda: Entries(Community),
}
