"""Addresses of the toolbox: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from toolbox.views import agreement, filling, tool
from toolbox.views import path as guided

urlpatterns = [
    path("parcours/", guided.guided_path, name="guided_path"),
    path("boite-a-outils/", tool.tool_list, name="tool_list"),
    path("boite-a-outils/lexique/", tool.lexicon, name="lexicon"),
    path("boite-a-outils/ententes/", agreement.model_agreement_list, name="model_agreement_list"),
    path("boite-a-outils/ententes/<slug:slug>/", agreement.model_agreement, name="model_agreement"),
    path(
        "boite-a-outils/ententes/<slug:slug>/edition-<int:number>/",
        agreement.model_agreement,
        name="model_agreement_edition",
    ),
    path(
        "boite-a-outils/ententes/<slug:slug>/edition-<int:number>.<str:form>",
        filling.model_agreement_document,
        name="model_agreement_document",
    ),
    path("boite-a-outils/ententes/<slug:slug>/remplir/", filling.model_agreement_fill, name="model_agreement_fill"),
]
