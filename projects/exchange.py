"""Projects as spreadsheets: the list, and the ledger of one for its funders."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.exchange.spreadsheets import COLUMNS, DATES, WITH, Column, _choice, _names, _own, _text, _words
from mutualisation.kernel.paper import Paper
from mutualisation.kernel.spreadsheets import download
from projects.ledger import Ledger, Sums, dollars_in_words
from projects.models import Determinant, Project

COLUMNS[Project] = (
    _own("title", gettext_lazy("Projet")),
    _own("standfirst", gettext_lazy("En deux phrases")),
    Column(gettext_lazy("Proposé par"), "organisation", lambda p: p.organisation.name),
    _choice("stage", gettext_lazy("Étape")),
    _own("stage_since", gettext_lazy("À cette étape depuis")),
    _choice("continuum", gettext_lazy("Forme de partage visée")),
    _own("place", gettext_lazy("Lieu")),
    _names("territories", gettext_lazy("Territoires")),
    _words("determinants", gettext_lazy("Déterminants collectifs"), Determinant),
    _text("description", gettext_lazy("Pourquoi et comment")),
    _text("inclusion", gettext_lazy("Place des personnes concernées")),
    _text("conditions", gettext_lazy("Conditions de réussite")),
    _own("budget", gettext_lazy("Montant à réunir ($)")),
    *DATES,
)
WITH[Project] = (("organisation",), ("territories",))


def _figures(sums: Sums) -> list[object]:
    return [sums.promised_hours, sums.promised_use, sums.promised, sums.hours, sums.use, sums.dollars]


def ledger_table(project: Project, ledger: Ledger, *, form: str, address: str) -> HttpResponseBase:
    """The lines, then the sums of each grouping, then where it comes from and how values were found."""
    header = [
        _("Partenaire"), _("À quel titre"), _("Apport"), _("Sorte"), _("Rôle"), _("Période"),
        _("Heures de personnes promises"), _("Heures d’usage promises"), _("Valeur promise ($)"),
        _("Heures de personnes venues"), _("Heures d’usage venues"), _("Valeur venue ($)"), _("Comment c’est estimé"),
    ]  # fmt: skip
    rows: list[list[object]] = [
        [n.partner, n.part, n.label, n.nature, n.role, n.period, *_figures(n.sums), n.method] for n in ledger.lines
    ]
    rows.append([_("Total"), "", "", "", "", "", *_figures(ledger.total), ""])
    for title, sums in ledger.groups:
        rows += [[f"{title} : {label}", "", "", "", "", "", *_figures(one), ""] for label, one in sums]
    about = [
        f"{settings.PORTAL_NAME} : {project.title}",
        timezone.localdate().isoformat(),
        address,
        _("Une heure donnée vaut %(rate)s, sauf si un montant est écrit.")
        % {"rate": dollars_in_words(project.value_of_an_hour)},
        _("Un prêt réel compte de lui-même : la durée de ses dates, à la valeur déclarée."),
    ]
    return download(
        form=form, name=_("Bilan %(title)s") % {"title": project.title}, header=header, rows=rows, about=about
    )


def ledger_paper(project: Project, ledger: Ledger, *, address: str) -> Paper:
    """The same for a funder who reads on paper: the sums, each line, how it was counted."""
    return Paper(
        title=_("Bilan des apports"),
        html=render_to_string(
            "projects/project/_paper.html",
            {"project": project, "ledger": ledger, "hour": dollars_in_words(project.value_of_an_hour)},
        ),
        date=timezone.localdate(),
        author=settings.PORTAL_NAME,
        header=project.title,
        footer=f"{settings.PORTAL_NAME} · {address}",
    )
