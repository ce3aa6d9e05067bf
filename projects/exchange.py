"""Projects for others to read: the list as a spreadsheet, the ledger for funders, one described for machines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.http import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.exchange.jsonld import Absolute, script
from directory.exchange.spreadsheets import COLUMNS, DATES, WITH, Column, _choice, _names, _own, _text, _words
from mutualisation.kernel.moments import day_in_words
from mutualisation.kernel.paper import Paper
from mutualisation.kernel.spreadsheets import HOURS, MONEY, Sheet, workbook
from projects.financing import Financing
from projects.ledger import Ledger, Sums
from projects.models import Determinant, Part, Participation, Project
from projects.wording import dollars

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


FIGURES = (
    gettext_lazy("Heures de personnes promises"), gettext_lazy("Heures d’usage promises"),
    gettext_lazy("Valeur promise ($)"), gettext_lazy("dont argent promis ($)"),
    gettext_lazy("Heures de personnes venues"), gettext_lazy("Heures d’usage venues"),
    gettext_lazy("Valeur venue ($)"), gettext_lazy("dont argent reçu ($)"),
)  # fmt: skip
SHAPES = (HOURS, HOURS, MONEY, MONEY, HOURS, HOURS, MONEY, MONEY)
PAID = (  # beside the others, where some hours are paid to their lender
    gettext_lazy("dont heures de personnes payées, promises"), gettext_lazy("dont heures d’usage payées, promises"),
    gettext_lazy("dont heures de personnes payées, venues"), gettext_lazy("dont heures d’usage payées, venues"),
)  # fmt: skip


def _figures(sums: Sums, *, paid: bool) -> list[object]:
    """No dollars where nothing was counted in dollars."""
    promised: list[object] = [sums.promised, sums.promised_cash] if sums.promised else [None, None]
    come: list[object] = [sums.dollars, sums.cash] if sums.in_dollars else [None, None]
    hours = [sums.promised_paid, sums.promised_paid_use, sums.paid, sums.paid_use] if paid else []
    return [sums.promised_hours, sums.promised_use, *promised, sums.hours, sums.use, *come, *hours]


def _units(sums: Sums, *, paid: bool) -> list[object]:
    """The same for one line: empty where its kind is not counted in that unit."""
    return [figure or None for figure in _figures(sums, paid=paid)]


def ledger_table(project: Project, counted: Ledger, money: Financing, *, form: str, address: str) -> HttpResponseBase:
    """The lines; then, each on its own sheet, the sums of each grouping, the money, and how values were found."""
    paid = counted.total.has_paid
    figures, shapes = ((*FIGURES, *PAID), (*SHAPES, *[HOURS] * len(PAID))) if paid else (FIGURES, SHAPES)
    lines = Sheet(
        _("Lignes"),
        [
            _("Partenaire"), _("À quel titre"), _("Apport"), _("Sorte"), _("Rôle"), _("Du"), _("Au"), *figures,
            _("Comment c’est estimé"), _("Remarques"),
        ],
        [
            [n.partner, n.part, n.label, n.nature, n.role, n.begins, n.ends, *_units(n.sums, paid=paid), n.method,
             "; ".join(n.remarks)]
            for n in counted.lines
        ],
        [""] * 7 + [*shapes, "", ""],
        [_("Total"), *[""] * 6, *_figures(counted.total, paid=paid), "", ""],
    )  # fmt: skip
    groups = [
        Sheet(
            group.title,
            [group.head, *figures],
            [[int(label) if label.isdecimal() else label, *_figures(sums, paid=paid)] for label, sums in group.sums],
            ["", *shapes],
            [_("Total"), *_figures(counted.total, paid=paid)],
        )
        for group in counted.groups
    ]
    about = [
        f"{settings.PORTAL_NAME} : {project.title}",
        _("En date du %(day)s") % {"day": day_in_words(timezone.localdate(), "j F Y")},
        address,
        *(
            [
                _(
                    "Sur %(all)s à réunir : %(cash)s en argent, promis ou obtenu; %(goods)s, valeur du temps et "
                    "des biens; reste à trouver : %(left)s."
                )
                % {
                    "all": dollars(money.budget),
                    "cash": dollars(money.cash),
                    "goods": dollars(money.goods),
                    "left": dollars(money.left),
                }
            ]
            if money.budget
            else []
        ),
        *methods(project, counted, money),
    ]
    return workbook(
        form=form, name=_("Bilan %(title)s") % {"title": project.title},
        sheets=[lines, *groups, *([_sources(money)] if money.is_told else [])], notes=_("Méthode"), about=about,
    )  # fmt: skip


def _sources(money: Financing) -> Sheet:
    """Where the money of the project comes from, apart from what time and goods are worth; what is left to find."""
    header = [
        _("Source"), _("Argent ou valeur"), _("État"), _("Du"), _("Au"), _("Montant ($)"), _("Déjà venu ($)"),
        _("Compté ($)"),
    ]  # fmt: skip
    total, cash, worth = money.total, _("argent"), _("valeur du temps et des biens")
    rows: list[list[object]] = [
        [_("Partenaires"), cash, _("promis"), None, None, total.promised_cash, total.cash, money.cash_brought]
    ]
    for source in money.sources:
        row = source.row
        state = _("déjà compté parmi les apports") if source.counted else str(row.get_state_display())
        rows.append([row.funder, cash, state, row.starts_on, row.ends_on, row.amount, None, source.added])
    rows.append([_("Partenaires"), worth, _("promis"), None, None, total.promised_goods, total.goods, money.goods])
    return Sheet(
        _("Financement"), header, rows, ["", "", "", "", "", MONEY, MONEY, MONEY],
        [_("Argent et valeur des apports"), "", "", "", "", "", "", money.gathered],
    )  # fmt: skip


def _hours_said(project: Project, counted: Ledger) -> str:
    """At what rates hours count: each as it was when they were offered; today’s too, when no line has it."""
    today = Decimal(project.value_of_an_hour)
    used = sorted({line.rate for line in counted.lines if line.rate})
    if set(used) <= {today}:
        said = _("Une heure de temps ou de savoir-faire vaut %(rate)s, sauf si le partenaire a écrit un montant.")
        return said % {"rate": dollars(today)}
    said = _(
        "Une heure de temps ou de savoir-faire compte à sa valeur au moment de l’offre, sauf si le partenaire a écrit "
        "un montant : %(rates)s dans ce bilan; %(today)s pour ce qui s’offre aujourd’hui."
    )
    return said % {"rates": get_text_list([dollars(rate) for rate in used], _("ou")), "today": dollars(today)}


def methods(project: Project, counted: Ledger, money: Financing) -> list[str]:
    """How everything is counted, in sentences: the same on the page, in the spreadsheet and on paper."""
    said = [
        _hours_said(project, counted),
        _(
            "Le matériel, les locaux et les réseaux valent ce que le partenaire déclare; la colonne "
            "« Comment c’est estimé » le dit."
        ),
        _("L’argent et la valeur du temps et des biens se lisent à part."),
        _(
            "Un prêt réel lié au projet compte de lui-même : la durée de ses dates, à la valeur déclarée; rendu avant "
            "elles, de la remise au retour. Les heures d’usage d’un objet ou d’un local ne s’ajoutent jamais aux "
            "heures de personnes."
        ),
        _(
            "Un prêt qui tient une promesse n’ajoute rien à ce qui est promis : il compte comme venu sur elle, à la "
            "valeur promise d’une heure, ou à celle du prêt si la promesse n’en dit pas."
        ),
        _(
            "Un prêt payé à son prêteur n’est pas un don : ses heures comptent, dites à part comme payées, son prix "
            "non, et la colonne « Remarques » le dit; seul ce qui est offert en plus du prix y ajoute une valeur."
        ),
        _("Un apport qui ne nomme pas de rôle compte sous ceux que son partenaire a offerts, ensemble."),
        _(
            "Ce qui est promis compte dans l’année où cela commence, ou celle de l’offre quand rien n’est daté; chaque "
            "date d’un prêt lié, dans l’année où elle commence; ce qui est venu, dans l’année où c’est venu."
        )
        if project.year_starts == 1
        else _(
            "L’exercice commence le 1er %(month)s. Ce qui est promis compte dans celui où cela commence, ou celui de "
            "l’offre quand rien n’est daté; chaque date d’un prêt lié, dans celui où elle commence; ce qui est venu, "
            "dans celui où c’est venu."
        )
        % {"month": project.get_year_starts_display()},
    ]
    if money.sources:
        said.append(
            _(
                "Un bailleur ou un programme de la fiche n’est pas un apport : son montant s’ajoute à part, au "
                "financement, et seulement une fois obtenu. Celui qui promet aussi de l’argent comme partenaire ne "
                "compte qu’une fois, parmi les apports."
            )
        )
    return said


def ledger_paper(project: Project, counted: Ledger, money: Financing, *, address: str) -> Paper:
    """The same for a funder who reads on paper: the sums, each line, how it was counted, on which day."""
    today = timezone.localdate()
    return Paper(
        title=_("Bilan des apports"),
        html=render_to_string(
            "projects/project/_paper.html",
            {"project": project, "ledger": counted, "money": money, "today": today,
             "methods": methods(project, counted, money)},
        ),
        date=today,
        author=settings.PORTAL_NAME,
        header=project.title,
        footer=f"{settings.PORTAL_NAME} · {address}",
    )  # fmt: skip


def project_jsonld(project: Project, taking_part: Iterable[Participation], absolute: Absolute) -> SafeString:
    """Project, of who carries it, with who funds it and who takes part. ``absolute`` makes a full address."""

    def named(*parts: str) -> list[dict[str, str]]:
        found = {p.organisation_id: p.organisation for p in taking_part if p.part in parts}
        return [{"@type": "NGO", "name": o.name, "url": absolute(o.get_absolute_url())} for o in found.values()]

    return script(
        {
            "@type": "Project",
            "name": project.title,
            "description": project.standfirst,
            "url": absolute(project.get_absolute_url()),
            "parentOrganization": named(Part.CARRIES),
            "member": named(Part.PARTNERS, Part.SUPPORTS),
            "funder": named(Part.FUNDS),
            "areaServed": [{"@type": "AdministrativeArea", "name": t} for t in project.territory_names],  # type: ignore[attr-defined]
            "keywords": [str(Determinant(d).label) for d in project.determinants],
            "disambiguatingDescription": str(project.get_stage_display()),
        }
    )
