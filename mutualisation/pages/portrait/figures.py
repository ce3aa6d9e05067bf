"""The figures of the portrait, one function each: a table first, then what is drawn of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Continuum, Kind, Practice
from directory.taxonomies import categories, portal_territories, territories
from mutualisation.pages.portrait import drawing
from mutualisation.pages.portrait.choice import Choice, mrc_names, sector_names
from mutualisation.pages.portrait.cube import ALL, NOTHING, Key
from mutualisation.pages.portrait.drawing import Figure, Row, Table, Value, amount, count
from mutualisation.pages.portrait.facts import BOTH, ELSEWHERE, GIVES, IDLE_DAYS, NEITHER, TAKES, UNANSWERED_DAYS, Facts
from projects.models import Project

LENT = 3  # where loans are among the measures
MISSING_SHOWN = 8
SECTORS_SHOWN = 10


def everything(facts: Facts, choice: Choice) -> list[Figure]:
    """The whole portrait, in the order in which it is read."""
    return [
        where(facts, choice), kinds(facts, choice), years(facts, choice), roles(facts, choice), idle(facts, choice),
        missing(facts, choice), sectors(facts, choice), continuum(choice),
    ]  # fmt: skip


def measures() -> list[str]:
    """What is counted along each dimension, in the order of ``measured``."""
    return [
        _("Ressources partagées"), _("Besoins publiés"), _("Prêts demandés"), _("Prêts remis"),
        _("Heures prêtées"), _("Valeur déclarée"),
    ]  # fmt: skip


def measured(facts: Facts, key: Key) -> list[Value]:
    return [
        count(facts.shared.get(key, NOTHING)),
        count(facts.needed.get(key, NOTHING)),
        count(facts.asked.get(key, NOTHING)),
        count(facts.lent.get(key, NOTHING)),
        amount(facts.hours.get(key, NOTHING), "h"),
        amount(facts.value.get(key, NOTHING), "$"),
    ]


def _rows(
    facts: Facts, choice: Choice, name: str, values: dict[Any, str], kind: Callable[[Any], str] = lambda _v: "commun"
) -> dict[Any, Row]:
    """One line a value of a dimension, the filter of that dimension aside: what is chosen is shown among the others."""
    chosen = getattr(choice, name)
    return {
        value: Row(
            label, measured(facts, choice.with_(**{name: value}).key), current=chosen is not ALL and value == chosen,
            address=choice.with_(**{name: value}).address, kind=kind(value),
        )
        for value, label in values.items()
    }  # fmt: skip


def _total(facts: Facts, choice: Choice, name: str) -> Row:
    return Row(_("Ensemble"), measured(facts, choice.with_(**{name: ALL}).key))


def _some(row: Row) -> bool:
    return any(value.amount or value.mark for value in row.values)


def natures() -> list[str]:
    """Of each of the measures: from what happened, or from what someone wrote."""
    measured, declared = _("mesuré"), _("déclaré")
    return [declared, declared, measured, measured, measured, declared]


def units() -> list[str]:
    """What each of the measures counts."""
    return [_("ressources"), _("besoins"), _("demandes"), _("prêts"), "h", "$"]


def _along(facts: Facts, choice: Choice, name: str, caption: str, head: str, rows: list[Row]) -> Table:
    """The table of every measure along one dimension, with its total."""
    return Table(caption, head, measures(), natures(), units(), rows, _total(facts, choice, name))


def where(facts: Facts, choice: Choice) -> Figure:
    rows = _rows(facts, choice, "mrc", mrc_names())
    if not _some(rows[ELSEWHERE]):
        rows.pop(ELSEWHERE)
    else:  # nobody filters by what is not ours
        rows[ELSEWHERE] = Row(rows[ELSEWHERE].label, rows[ELSEWHERE].values)
    caption = _("Ce qui se partage, se demande et se prête, par MRC")
    table = _along(facts, choice, "mrc", caption, _("MRC"), list(rows.values()))
    return Figure(
        "territoire", _("Où l’on prête"), _most(table, _("Prêts remis, là où est la ressource.")), table,
        places=drawing.places(rows, LENT), drawn=_("Prêts remis, par MRC"), **_followed(choice, own="mrc"),
    )  # fmt: skip


def kinds(facts: Facts, choice: Choice) -> Figure:
    rows = list(_rows(facts, choice, "kind", {k.value: str(k.label) for k in Kind}, kind=str).values())
    caption = _("Ce qui se partage, se demande et se prête, par sorte")
    table = _along(facts, choice, "kind", caption, _("Sorte"), rows)
    return Figure(
        "sortes", _("De quelles sortes"), _most(table, _("Prêts remis, par sorte de ressource.")), table,
        bars=drawing.bars(rows, LENT), drawn=_("Prêts remis, par sorte"), **_followed(choice, own="kind"),
    )  # fmt: skip


def years(facts: Facts, choice: Choice) -> Figure:
    rows = list(_rows(facts, choice, "year", {year: str(year) for year in facts.years}).values())
    caption = _("Ce qui se partage, se demande et se prête, par année")
    table = _along(facts, choice, "year", caption, _("Année"), rows)
    return Figure(
        "annees", _("D’année en année"), _most(table, _("Prêts remis, selon l’année de la remise.")), table,
        columns=drawing.columns([r for r in rows if any(v.amount or v.mark for v in r.values[2:])], LENT),
        drawn=_("Prêts remis, par année"), **_followed(choice, own="year"),
    )  # fmt: skip


def sectors(facts: Facts, choice: Choice) -> Figure:
    rows = [row for row in _rows(facts, choice, "sector", sector_names()).values() if _some(row)]
    rows.sort(key=lambda row: (-row.values[LENT].amount, not row.values[LENT].mark))  # what is not said, before none
    caption = _("Ce qui se partage, se demande et se prête, par secteur de l’organisme qui partage, cherche ou prête")
    table = _along(facts, choice, "sector", caption, _("Secteur"), rows)
    said = _("Prêts demandés et remis : selon les secteurs de qui prête. Besoins : de qui cherche.")
    return Figure(
        "secteurs", _("Dans quels secteurs"), _most(table, said),
        table, bars=drawing.bars(rows[:SECTORS_SHOWN], LENT), drawn=_("Prêts remis, par secteur de qui prête"),
        **_followed(
            choice, _("Un organisme peut avoir plusieurs secteurs : les lignes ne s’additionnent pas."), own="sector"
        ),
    )  # fmt: skip


def _most(table: Table, said: str) -> str:
    """What the figure shows, and where there is the most of it."""
    top = max(table.rows, key=lambda row: row.values[LENT].amount, default=None)
    whole = table.total.values[LENT] if table.total else Value(0)
    if top is None or not top.values[LENT].amount or whole.mark:
        return said
    more = _("Le plus : %(name)s, %(n)s sur %(all)s.")
    return f"{said} {more % {'name': top.label, 'n': top.values[LENT].text, 'all': whole.text}}"


def roles(facts: Facts, choice: Choice) -> Figure:
    """Who lends and borrows: every year together, since one seldom does both in the same."""
    known = [(BOTH, _("Prêtent et empruntent")), (GIVES, _("Prêtent seulement")), (TAKES, _("Empruntent seulement")),
             (NEITHER, _("Ni l’un ni l’autre encore"))]  # fmt: skip

    def of(mrc: int | None) -> list[Value]:
        whole = facts.roles.get((mrc, ALL), NOTHING)
        if whole.mark:  # how many organisations there are is public: a zero left would give the others back
            return [Value(None, whole.mark) for _each in known]
        return [count(facts.roles.get((mrc, name), NOTHING)) for name, _label in known]

    rows = [
        Row(name, of(mrc), current=mrc == choice.mrc) for mrc, name in mrc_names().items() if (mrc, ALL) in facts.roles
    ]
    chosen = of(choice.mrc)
    labels = [label for _name, label in known]
    both = chosen[0]
    if both.mark:
        said = _("Combien d’organismes prêtent aux autres, leur empruntent, ou les deux.")
    else:
        said = ngettext(
            "%(n)s organisme prête et emprunte à la fois.", "%(n)s organismes prêtent et empruntent à la fois.",
            both.amount or 1,  # in French, none is singular
        ) % {"n": both.text}  # fmt: skip
    table = Table(_("Organismes qui prêtent et qui empruntent, par MRC"), _("MRC"), labels, [_("mesuré")] * 4,
                  [_("organismes")] * 4, rows, Row(_("Ensemble"), of(ALL)))  # fmt: skip
    drawn = [Row(label, [value]) for label, value in zip(labels, chosen, strict=True)]
    return Figure(
        "reciprocite", _("Qui prête, qui emprunte"), said, table, bars=drawing.bars(drawn),
        drawn=_("Organismes, selon qu’ils prêtent ou empruntent"),
        **_followed(choice, left=("kind", "sector", "year"), table="mrc"),
    )  # fmt: skip


def idle(facts: Facts, choice: Choice) -> Figure:
    """What was never lent, of what had the time to be."""

    def of(key: Key) -> list[Value]:
        shown = facts.idle.get(key, NOTHING)
        return [count(shown), Value(None if shown.mark else int(shown.amount), shown.mark)]

    rows = [
        Row(str(k.label), of((choice.mrc, k.value, choice.sector)), current=k.value == choice.kind, kind=k.value)
        for k in Kind
    ]
    total = of((choice.mrc, ALL, choice.sector))
    said = _("Parmi les ressources publiées depuis %(days)d jours ou plus, celles que personne n’a encore empruntées.")
    table = Table(
        _("Ressources jamais prêtées, par sorte"), _("Sorte"), [_("Jamais prêtées"), _("Déjà prêtées")],
        [_("mesuré")] * 2, [_("ressources")] * 2, rows, Row(_("Ensemble"), total),
    )  # fmt: skip
    return Figure(
        "dormantes", _("Ce qui ne sert pas encore"), said % {"days": IDLE_DAYS}, table,
        bars=drawing.bars(rows), drawn=_("Ressources jamais prêtées, par sorte"),
        **_followed(choice, own="kind", left=("year",)),
    )  # fmt: skip


def missing(facts: Facts, choice: Choice) -> Figure:
    """Needs that nobody answered, by main category; whether anything of it is shared."""
    tree = categories()
    found: dict[int, list[int]] = {}
    for (mrc, kind, sector, year, category), (opened, unanswered) in facts.wanted.items():
        fits = choice.mrc in (ALL, mrc) and choice.kind in (ALL, kind) and choice.year in (ALL, year)
        if not opened or not fits or sector != choice.sector:
            continue
        main = tree.above(category)[-1].id if category else 0
        line = found.setdefault(main, [0, 0])
        line[0] += unanswered
        line[1] += opened
    shared: dict[int, int] = {}
    for (mrc, kind, category), n in facts.categories.items():
        if mrc == choice.mrc and (choice.kind in (ALL, kind)):
            main = tree.above(category)[-1].id
            shared[main] = shared.get(main, 0) + n
    order = sorted(found, key=lambda main: (-found[main][0], -found[main][1], main))
    rows = [
        Row(
            tree.by_id[main].name if main else _("Sans catégorie"),
            [Value(found[main][0]), Value(found[main][1]), Value(shared.get(main, 0))],
            kind=tree.by_id[main].kind if main else "commun",
        )
        for main in order
    ]
    nobody = [row.label for main, row in zip(order, rows, strict=True) if main and not row.values[2].number]
    said = _("Besoins toujours sans réponse %(days)d jours après leur publication.") % {"days": UNANSWERED_DAYS}
    if nobody:
        said += " " + _("Personne ne partage encore : %(what)s.") % {"what": ", ".join(nobody[:4]).lower()}
    table = Table(
        _("Besoins ouverts et ressources partagées, par catégorie"), _("Catégorie"),
        [_("Sans réponse"), _("Ouverts"), _("Ressources partagées")], [_("déclaré")] * 3,
        [_("besoins"), _("besoins"), _("ressources")], rows,
    )  # fmt: skip
    beside = whatever(choice, ("sector", "year"))
    note = _("Ressources partagées : %(whatever)s.") % {"whatever": beside} if beside else ""
    waited = [row for row in rows if row.values[0].number][:MISSING_SHOWN]
    drawn = _("Besoins sans réponse, par catégorie") if waited else _("Besoins ouverts, par catégorie")
    return Figure(
        "manques", _("Ce qui manque"), said, table, drawn=drawn,
        bars=drawing.bars(waited) if waited else drawing.bars(rows[:MISSING_SHOWN], 1), **_followed(choice, note),
        column_follows={2: choice.with_(sector=ALL, year=ALL).in_words()},
    )  # fmt: skip


def continuum(choice: Choice) -> Figure:
    """How far sharing goes: practices and projects by step. Projects say neither kind nor sector."""
    known = Practice.objects.published().order_by()
    projects = Project.objects.visible_to(AnonymousUser()).published().exclude(continuum="").order_by()
    if choice.kind:
        known = known.filter(kinds__contains=[choice.kind])
    if choice.sector:
        known = known.filter(sectors=choice.sector)
    if choice.mrc:
        slug = next(node.slug for node in portal_territories() if node.id == choice.mrc)
        known = known.filter(territories__in=territories().within([slug]))
        projects = projects.filter(territories__in=territories().within([slug]))
    by_step = dict(known.values_list("stage").annotate(n=Count("pk", distinct=True)))
    aimed = dict(projects.values_list("continuum").annotate(n=Count("pk", distinct=True)))
    rows = [
        Row(str(step.label), [Value(by_step.get(step.value, 0)), Value(aimed.get(step.value, 0))]) for step in Continuum
    ]
    table = Table(
        _("Pratiques et projets publiés, par étape du continuum"),
        _("Étape"),
        [_("Pratiques"), _("Projets")],
        [_("déclaré")] * 2,
        [_("pratiques"), _("projets")],
        rows,
    )
    beside = whatever(choice, ("kind", "sector"))
    note = _("Projets : %(whatever)s.") % {"whatever": beside} if beside else ""
    return Figure(
        "continuum", _("Jusqu’où va le partage"),
        _("Pratiques du répertoire, du prêt à la fusion; en tableau, ce que visent les projets collectifs."),
        table, bars=drawing.bars(rows),
        drawn=_("Pratiques publiées, par étape du continuum"), **_followed(choice, note, left=("year",)),
        column_follows={1: choice.with_(kind=ALL, sector=ALL, year=ALL).in_words()},
    )  # fmt: skip


def name_of(dimension: str) -> str:
    """How a filter is called."""
    return {"mrc": _("MRC"), "kind": _("sorte"), "sector": _("secteur"), "year": _("année")}[dimension]


def whatever(choice: Choice, names: tuple[str, ...]) -> str:
    """« sans tenir compte des filtres sorte et année »: which of these are chosen; nothing when none is."""
    chosen = [name_of(name) for name in names if getattr(choice, name) is not ALL]
    said = ngettext("sans tenir compte du filtre %(names)s", "sans tenir compte des filtres %(names)s", len(chosen))
    return said % {"names": get_text_list(chosen, _("et"))} if chosen else ""


def _followed(
    choice: Choice, note: str = "", *, own: str = "", left: tuple[str, ...] = (), table: str = ""
) -> dict[str, Any]:
    """Which filters a figure follows, in words, and what is to know of the others.

    ``own`` is its dimension: every value of it is shown, the chosen one marked; ``left`` say nothing of it;
    ``table`` is the dimension of its table only.
    """
    notes = [note] if note else []
    if beside := whatever(choice, left):
        notes.append(f"{beside[:1].upper()}{beside[1:]}.")
    if own and getattr(choice, own) is not ALL:
        notes.append(_("Le filtre %(name)s n’y retire rien : ce qui est choisi est mis en évidence.") % {
            "name": name_of(own)
        })  # fmt: skip
    drawn = choice.with_(**dict.fromkeys((own, *left) if own else left, ALL))
    told = drawn.with_(**{table: ALL}) if table else drawn
    return {"note": " ".join(notes), "follows": drawn.in_words(), "table_follows": told.in_words()}


def headline(facts: Facts, choice: Choice) -> list[tuple[str, Value, str]]:
    """The large figures at the top: what each counts, how much, and whether it is measured or declared."""
    return list(zip(measures(), measured(facts, choice.key), natures(), strict=True))


def live(facts: Facts) -> list[tuple[str, Value]]:
    """The two or three figures that the home page quotes: those that there are, and that may be said."""
    key = (ALL, ALL, ALL, ALL)
    found = [
        (_("prêts remis"), count(facts.lent.get(key, NOTHING))),
        (_("prêtées d’un organisme à l’autre"), amount(facts.hours.get(key, NOTHING), "h")),
        (_("organismes qui prêtent et empruntent"), count(facts.roles.get((ALL, BOTH), NOTHING))),
    ]
    return [(label, value) for label, value in found if value.amount]
