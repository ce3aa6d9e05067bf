"""Addresses of the toolbox: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from toolbox.views import agreement, tool, tool_edit
from toolbox.views import path as guided

urlpatterns = [
    path("parcours/", guided.guided_path, name="guided_path"),
    path("boite-a-outils/", tool.tool_list, name="tool_list"),
    path("boite-a-outils/outils/proposer/", tool_edit.tool_propose, name="tool_propose"),
    path("boite-a-outils/outils/<slug:slug>/", tool.tool_detail, name="tool_detail"),
    path("boite-a-outils/outils/<slug:slug>/fichier/", tool.tool_file, name="tool_file"),
    path("boite-a-outils/outils/<slug:slug>/modifier/", tool_edit.tool_edit, name="tool_edit"),
    path("boite-a-outils/outils/<slug:slug>/etat/", tool_edit.tool_move, name="tool_move"),
    path("boite-a-outils/lexique/", tool.lexicon, name="lexicon"),
    path("boite-a-outils/ententes/", agreement.model_agreement_list, name="model_agreement_list"),
    path("boite-a-outils/ententes/<slug:slug>/", agreement.model_agreement, name="model_agreement"),
    path(
        "boite-a-outils/ententes/<slug:slug>/edition-<int:number>/",
        agreement.model_agreement,
        name="model_agreement_edition",
    ),
]
