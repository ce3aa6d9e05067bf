"""Addresses of the toolbox: French, stable, readable."""

from __future__ import annotations

from django.urls import path, register_converter

from toolbox.views import (
    agreement,
    edition,
    edition_clause,
    edition_publish,
    filling,
    path_rules,
    tool,
    tool_edit,
    tool_merge,
)
from toolbox.views import path as guided


class PieceKind:
    """What a guided path is made of, in French in the address."""

    regex = "questions|regles"

    def to_python(self, value: str) -> str:
        return "rules" if value == "regles" else value

    def to_url(self, value: str) -> str:
        return "regles" if value == "rules" else value


register_converter(PieceKind, "kind")

urlpatterns = [
    path("parcours/", guided.guided_path, name="guided_path"),
    path("moderation/parcours/", path_rules.path_rules, name="path_rules"),
    path("moderation/parcours/publier/", path_rules.path_publish, name="path_publish"),
    path("moderation/parcours/<kind:kind>/ajouter/", path_rules.path_piece, name="path_piece_new"),
    path("moderation/parcours/<kind:kind>/<slug:key>/", path_rules.path_piece, name="path_piece"),
    path("moderation/parcours/<kind:kind>/<slug:key>/place/", path_rules.path_piece_move, name="path_piece_move"),
    path("boite-a-outils/", tool.tool_list, name="tool_list"),
    path("boite-a-outils/outils/proposer/", tool_edit.tool_propose, name="tool_propose"),
    path("boite-a-outils/outils/<slug:slug>/", tool.tool_detail, name="tool_detail"),
    path("boite-a-outils/outils/<slug:slug>/fichier/", tool.tool_file, name="tool_file"),
    path("boite-a-outils/outils/<slug:slug>/modifier/", tool_edit.tool_edit, name="tool_edit"),
    path("boite-a-outils/outils/<slug:slug>/etat/", tool_edit.tool_move, name="tool_move"),
    path("moderation/outils/<slug:slug>/fusionner/<slug:other>/", tool_merge.tool_merge, name="tool_merge"),
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
    path(
        "boite-a-outils/ententes/<slug:slug>/edition-<int:number>/ce-qui-change/",
        edition_publish.edition_changes,
        name="edition_changes",
    ),
    # the editor, under /moderation/: the team's second factor guards it
    path("moderation/ententes/", edition.model_desk, name="model_desk"),
    path("moderation/ententes/<slug:slug>/", edition.edition_desk, name="edition_desk"),
    path("moderation/ententes/<slug:slug>/preparer/", edition.edition_prepare, name="edition_prepare"),
    path("moderation/ententes/<slug:slug>/apercu/", edition.edition_preview, name="edition_preview"),
    path("moderation/ententes/<slug:slug>/historique-<int:number>/", edition.edition_history, name="edition_history"),
    path("moderation/ententes/<slug:slug>/clauses/nouvelle/", edition_clause.clause_edit, name="clause_add"),
    path("moderation/ententes/<slug:slug>/clauses/<int:pk>/", edition_clause.clause_edit, name="clause_edit"),
    path("moderation/ententes/<slug:slug>/clauses/<int:pk>/deplacer/", edition.clause_move, name="clause_move"),
    path("moderation/ententes/<slug:slug>/clauses/<int:pk>/geste/", edition.clause_gesture, name="clause_gesture"),
    path("moderation/ententes/<slug:slug>/retirees/<int:event>/", edition.clause_restore, name="clause_restore"),
    path("moderation/ententes/<slug:slug>/variables/nouvelle/", edition_clause.variable_edit, name="variable_add"),
    path("moderation/ententes/<slug:slug>/variables/<str:name>/", edition_clause.variable_edit, name="variable_edit"),
    path(
        "moderation/ententes/<slug:slug>/variables/<str:name>/retirer/",
        edition_clause.variable_remove,
        name="variable_remove",
    ),
    path("moderation/ententes/<slug:slug>/presentation/", edition_clause.model_presentation, name="model_presentation"),
    path("moderation/ententes/<slug:slug>/publier/", edition_publish.edition_publish, name="edition_publish"),
    path("moderation/ententes/<slug:slug>/abandonner/", edition_publish.edition_discard, name="edition_discard"),
    path("moderation/ententes/<slug:slug>/retirer/", edition_publish.model_withdraw, name="model_withdraw"),
    path("moderation/ententes/<slug:slug>/remettre/", edition_publish.model_put_back, name="model_put_back"),
    path("moderation/ententes/<slug:slug>/dupliquer/", edition_publish.model_copy, name="model_copy"),
]
