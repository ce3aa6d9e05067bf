"""What a project was promised and what came: hours and dollars, by partner, role, sort, year, counted in the database.

Dollars are money, and what time and goods are worth: ``cash`` tells the first apart from the whole.

A line is a contribution, or a real loan linked to the project, which counts by itself. A contribution with an amount is
worth it; otherwise its hours at their rate. A loan lasts what its dates last, and is worth what was said when it was
linked. One that keeps a promise is what came of it, worth what was promised for an hour unless it is paid. A line that
names no role is of those that its partner offered. A year is the project’s own: twelve months from the one that its
sheet says.
"""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from directory.models import Organisation
from mutualisation.kernel.moments import day_in_words
from mutualisation.kernel.publication import Status
from projects import wording
from projects.models import IN_USE, NATURE_OF_KIND, ContributionRole, Nature, Part, Project, ProjectLoan, lent
from projects.permissions import can_lead

# One row for what was promised, one for each part that came, each in the year of its own date.
ENTRIES = """
    WITH said AS (
        SELECT c.id, pp.organisation_id, pp.part, c.nature, c.label, c.method, c.status, c.starts_on, c.ends_on,
               CASE WHEN c.role <> '' THEN c.role
                    ELSE (SELECT coalesce(string_agg(held, ',' ORDER BY held), '') FROM unnest(pp.roles) held)
                    END AS role,
               coalesce(c.starts_on, c.ends_on, (c.offered_at AT TIME ZONE %(zone)s)::date) AS counted_on,
               c.hours, c.amount, c.hourly_rate,
               CASE WHEN c.amount > 0 AND c.hours > 0 THEN c.amount / c.hours ELSE c.hourly_rate END AS rate
          FROM projects_contribution c JOIN projects_participation pp ON pp.id = c.participation_id
         WHERE pp.project_id = %(project)s AND c.status IN ('welcomed', 'cancelled')
    ), came AS (
        SELECT d.contribution_id, d.on, d.hours, d.note,
               d.amount > 0 AND d.amount <> round(d.hours * s.rate, 2) AS typed,
               CASE WHEN d.amount > 0 THEN d.amount ELSE d.hours * s.rate END AS dollars
          FROM projects_delivery d JOIN said s ON s.id = d.contribution_id
         WHERE d.removed_at IS NULL
    ), lent AS (
    @LENT@
    ), entries AS (
        SELECT 'c' || id AS line, organisation_id, part, nature, role, label, method, starts_on AS begins,
               ends_on AS ends,
               hourly_rate, amount > 0 AS by_amount, NULL::boolean AS typed, counted_on AS dated,
               hours AS promised_hours, CASE WHEN amount > 0 THEN amount ELSE hours * hourly_rate END AS promised,
               0 AS hours, 0 AS dollars, 'x' AS per,
               NULL::date AS said_on, '' AS said, NULL::jsonb AS loan, FALSE AS paid
          FROM said WHERE status = 'welcomed'
        UNION ALL
        SELECT 'c' || s.id, organisation_id, part, nature, role, label, method, starts_on, ends_on, hourly_rate,
               s.amount > 0, k.typed, k.on,
               CASE WHEN s.status = 'cancelled' THEN k.hours ELSE 0 END,
               CASE WHEN s.status = 'cancelled' THEN k.dollars ELSE 0 END, k.hours, k.dollars, 'x',
               k.on, k.note, NULL, FALSE
          FROM said s JOIN came k ON k.contribution_id = s.id
        UNION ALL
        SELECT 'l' || id, lender_id, '', kind, role, name, method, (begins AT TIME ZONE %(zone)s)::date,
               (ends AT TIME ZONE %(zone)s)::date, rate, FALSE, NULL, (begins AT TIME ZONE %(zone)s)::date,
               whole, worth, so_far, worth_so_far, per, (begins AT TIME ZONE %(zone)s)::date, '',
               CASE WHEN (paid OR why <> '') AND n = 1
                    THEN jsonb_build_object('price', price, 'unit', price_unit, 'hours', in_all, 'why', why) END,
               paid
          FROM lent WHERE contribution_id IS NULL
        UNION ALL
        SELECT 'c' || s.id, organisation_id, part, nature, s.role, label, s.method, starts_on, ends_on, hourly_rate,
               amount > 0, NULL, CASE WHEN is_there THEN (begins AT TIME ZONE %(zone)s)::date ELSE counted_on END,
               CASE WHEN status = 'cancelled' THEN so_far ELSE 0 END,
               CASE WHEN status = 'cancelled' THEN dollars ELSE 0 END, so_far, dollars, 'x',
               (begins AT TIME ZONE %(zone)s)::date, CASE WHEN n = 1 THEN k.name ELSE '' END,
               CASE WHEN n = 1 THEN jsonb_build_object('later', NOT is_there,
                   'rate', CASE WHEN NOT as_promised THEN k.rate END, 'per', k.per, 'how', k.method,
                   'why', k.why, 'price', price, 'unit', price_unit, 'hours', in_all) END, paid
          FROM lent k JOIN said s ON s.id = k.contribution_id
          CROSS JOIN LATERAL (SELECT s.rate > 0 AND NOT paid AS as_promised) v
          CROSS JOIN LATERAL (SELECT CASE WHEN as_promised THEN so_far * s.rate ELSE worth_so_far END AS dollars) w
    )""".replace("@LENT@", lent("k.project_id = %(project)s"))
SUMS = """round(sum(promised_hours)::numeric, 2), round(sum(promised)::numeric, 2), round(sum(hours)::numeric, 2),
    round(sum(dollars)::numeric, 2), coalesce(round(sum(promised_hours) FILTER (WHERE paid)::numeric, 2), 0),
    coalesce(round(sum(hours) FILTER (WHERE paid)::numeric, 2), 0)"""
# What was said of what came, each on its day; with ``loan``, what is to say of a real one.
REMARKS = """jsonb_agg(jsonb_build_object('on', said_on, 'said', said, 'loan', loan) ORDER BY said_on, said)
    FILTER (WHERE said <> '' OR loan IS NOT NULL)"""
UNIT = """CASE WHEN nature IN ('temps', 'expertise', 'reseau', 'humain') THEN 'people'
    WHEN nature = 'argent' THEN 'cash' ELSE 'use' END"""
YEAR = "extract(year FROM dated - make_interval(months => %(months)s))::int"  # of the month when the year begins


@dataclass(frozen=True)
class Sums:
    """Hours of people, hours of use of things, dollars, those of money alone: promised, and come so far.

    The last ones are the hours, of people and of use, that a borrower pays to its lender, among the others: no gift.
    """

    promised_hours: Decimal = Decimal(0)
    promised_use: Decimal = Decimal(0)
    promised: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    use: Decimal = Decimal(0)
    dollars: Decimal = Decimal(0)
    promised_cash: Decimal = Decimal(0)
    cash: Decimal = Decimal(0)
    promised_paid: Decimal = Decimal(0)
    promised_paid_use: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    paid_use: Decimal = Decimal(0)

    @property
    def has_paid(self) -> bool:
        """Whether some of these hours are paid to their lender."""
        return bool(self.promised_paid or self.promised_paid_use or self.paid or self.paid_use)

    @property
    def promised_goods(self) -> Decimal:
        """What promised time and goods are worth."""
        return self.promised - self.promised_cash

    @property
    def goods(self) -> Decimal:
        """What the time and goods that came are worth."""
        return self.dollars - self.cash

    @property
    def in_dollars(self) -> bool:
        """Whether anything of it was counted in dollars: otherwise « – » rather than « 0 $ »."""
        return bool(self.promised or self.dollars)


@dataclass(frozen=True)
class Line:
    """One contribution or one loan. ``partner`` may be read by everyone; ``name``, by who leads alone."""

    key: str
    organisation: int
    partner: str
    name: str
    part: str
    kind: Nature
    role: str
    label: str
    begins: datetime.date | None
    ends: datetime.date | None
    method: str
    sums: Sums
    is_loan: bool
    remarks: tuple[str, ...] = ()
    rate: Decimal = Decimal(0)
    came: bool = False

    @property
    def number(self) -> int:
        return int(self.key[1:])

    @property
    def nature(self) -> str:
        return str(self.kind.label)

    @property
    def period(self) -> str:
        return wording.period(self.begins, self.ends)

    @property
    def aside(self) -> str:
        """« (prêt payé) », « (prêt) »; of a promise, its hours that are paid."""
        if self.is_loan:
            return _("(prêt payé)") if self.sums.has_paid else _("(prêt)")
        paid = self.sums.paid or self.sums.paid_use
        return _("(dont %(n)s h payées)") % {"n": wording.number(paid)} if paid else ""


class Group(NamedTuple):
    """Sums side by side: by partner, by role…"""

    title: str
    head: str
    sums: list[tuple[str, Sums]]


@dataclass
class Ledger:
    """The lines, and their sums by partner, role, sort and year."""

    lines: list[Line] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    total: Sums = field(default_factory=Sums)

    @cached_property
    def has_use(self) -> bool:
        return bool(self.total.promised_use or self.total.use)


def _known(project: Project) -> dict[str, Any]:
    return {"project": project.pk, "zone": settings.TIME_ZONE, "months": project.year_starts - 1}


def lines_of(project: Project) -> tuple[list[Line], Sums]:
    """The lines alone, and what they make together."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{ENTRIES} SELECT line, organisation_id, max(part), nature, role, label, max(method), min(begins),
                max(ends), max(hourly_rate), bool_or(by_amount), bool_or(typed), max(per), {REMARKS}, {SUMS}
                FROM entries GROUP BY line, organisation_id, nature, role, label
                ORDER BY min(begins) NULLS LAST, line""",  # noqa: S608 - our own SQL; values are parameters
            _known(project),
        )
        rows = cursor.fetchall()
    names = _names({row[1] for row in rows})
    total = Sums()
    lines = [_line(row, names) for row in rows]
    for line in lines:
        total = _plus(total, line.sums)
    return lines, total


def ledger(project: Project, *, by: Any = None) -> Ledger:
    """The ledger of a project, in three queries whatever it holds; who leads it reads the names of who left too."""
    lines, _total = lines_of(project)
    if by is not None and can_lead(by, project):
        lines = [replace(line, partner=line.name) for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{ENTRIES} SELECT grouping(organisation_id, role, kind, year), organisation_id, role, kind, year, unit,
                {SUMS}
                FROM (SELECT *, nature AS kind, {UNIT} AS unit, {YEAR} AS year FROM entries) e
                GROUP BY GROUPING SETS ((organisation_id, unit), (role, unit), (kind, unit), (year, unit),
                                        (unit))""",  # noqa: S608
            _known(project),
        )
        grouped = cursor.fetchall()
    return Ledger(lines, *_groups(grouped, {line.organisation: line.partner for line in lines}, project.year_starts))


def _names(ids: set[int]) -> dict[int, tuple[str, str]]:
    """The names of partners, as everyone reads them and as they are: one that left keeps its sums, its name unsaid."""
    if not ids:
        return {}
    rows = Organisation.objects.filter(pk__in=ids).values_list("pk", "name", "status")
    gone = _("Un organisme qui n’est plus au portail")
    return {pk: (name if status == Status.PUBLISHED else gone, name) for pk, name, status in rows}


def nature_of(value: str) -> Nature:
    """The sort of a line; a loan’s follows the kind of what is lent."""
    return Nature(NATURE_OF_KIND.get(value, value))


def _sums(values: Any, unit: str) -> Sums:
    promised_hours, promised, hours, dollars, promised_paid, paid = values
    if unit == "cash":
        return Sums(promised=promised, dollars=dollars, promised_cash=promised, cash=dollars)
    worth = Sums(promised=promised, dollars=dollars)
    if unit == "people":
        return replace(worth, promised_hours=promised_hours, hours=hours, promised_paid=promised_paid, paid=paid)
    return replace(
        worth, promised_use=promised_hours, use=hours, promised_paid_use=promised_paid, paid_use=paid,
    )  # fmt: skip


def _unit(kind: Nature) -> str:
    if kind == Nature.MONEY:
        return "cash"
    return "use" if kind in IN_USE else "people"


def _plus(one: Sums, other: Sums) -> Sums:
    return Sums(*(getattr(one, n) + getattr(other, n) for n in Sums.__dataclass_fields__))


def _line(row: Any, names: dict[int, tuple[str, str]]) -> Line:
    key, organisation, part, nature, role, label, method, begins, ends, rate, by_amount, typed, per, remarks = row[:14]
    kind = nature_of(nature)
    sums = _sums(row[14:], _unit(kind))
    is_loan = key.startswith("l")
    by_hour = not is_loan and not by_amount and bool(rate and (sums.promised_hours or sums.hours))
    partner, name = names.get(organisation, ("", ""))
    said = json.loads(remarks) if remarks else []
    unsaid = _loan_method(rate, per, paid=sums.has_paid) if is_loan else _method(kind, by_amount, sums)
    return Line(
        key=key,
        organisation=organisation,
        partner=partner,
        name=name,
        part=str(Part(part).label) if part else _("prête"),
        kind=kind,
        role=roles_in_words(role),
        label=label,
        begins=begins,
        ends=ends,
        method=_in_full(method, rate, typed=bool(typed)) if by_hour else method or unsaid,
        sums=sums,
        is_loan=is_loan,
        remarks=_remarks(said),
        rate=rate if by_hour else Decimal(0),
        came=typed is not None or bool(sums.dollars or sums.hours or sums.use),  # a word alone may say that it came
    )


def _in_full(method: str, rate: Decimal, *, typed: bool) -> str:
    """How the partner says that it was found, and the hour that it was counted at, unless another value was typed."""
    hour = _("%(rate)s l’heure, ou la valeur écrite de ce qui est venu") if typed else _("%(rate)s l’heure")
    by_the_hour = hour % {"rate": wording.dollars(rate)}
    return f"{method} ({by_the_hour})" if method else by_the_hour


def _remarks(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """« Une équipe de deux (le 3 mai 2026) »; what was said several times is said once, with how often."""
    days: dict[str, list[datetime.date]] = defaultdict(list)
    for row in rows:
        days[_remark(row)].append(datetime.date.fromisoformat(row["on"]))
    told = []
    for words, on in days.items():
        said = {"words": words, "n": len(on), "day": day_in_words(on[-1], "j F Y")}
        often = _("%(words)s (%(n)s fois, jusqu’au %(day)s)")
        told.append((often if len(on) > 1 else _("%(words)s (le %(day)s)")) % said)
    return tuple(told)


def _remark(row: dict[str, Any]) -> str:
    """What was written of what came; of a real loan, its name, how it counts, what is paid for it, why it counts."""
    name, loan = row["said"], row["loan"]
    if loan is None:
        return str(name)
    price, rate = Decimal(str(loan["price"] or 0)), Decimal(str(loan.get("rate") or 0))
    paid = wording.paid(price, loan["unit"], Decimal(str(loan["hours"] or 0))) if price else ""
    rest = [paid, loan["why"]]
    if not name:
        return ", ".join(filter(None, rest))
    if loan["later"]:
        return ", ".join(filter(None, [_("prêt à venir : %(what)s") % {"what": name}, *rest]))
    how = loan["how"] or (_loan_method(rate, loan["per"]) if rate else "" if paid else _("prêt réel"))
    return f"{name} : {', '.join(filter(None, [how, *rest]))}"


def roles_in_words(held: str) -> str:
    """« Connecteur », or all those of a partner whose line names none: « Connecteur, Évaluateur »."""
    return ", ".join(str(role.label) for role in ContributionRole if role in held.split(","))


def _method(kind: Nature, by_amount: bool, sums: Sums) -> str:
    if by_amount:
        return _("montant en argent") if kind == Nature.MONEY else _("valeur déclarée par le partenaire")
    if sums.dollars:
        return _("valeur dite à mesure que cela vient")
    return _("sans valeur chiffrée")


def _loan_method(rate: Decimal, per: str, *, paid: bool = False) -> str:
    if not rate:
        return _("prêt payé, ses heures seulement") if paid else _("prêt réel, sans valeur chiffrée")
    words = {"rate": wording.dollars(rate), "per": ProjectLoan.Per(per).label}
    return _("prêt réel, %(rate)s %(per)s") % words


def _groups(rows: list[Any], names: dict[int, str], begins: int) -> tuple[list[Group], Sums]:
    """The sums of each grouping, largest first, years in order; then of everything."""
    total = Sums()
    found: dict[int, dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    titles = {
        7: (_("Par partenaire"), _("Partenaire")),
        11: (_("Par rôle"), _("Rôle")),
        13: (_("Par sorte d’apport"), _("Sorte")),
        14: (_("Par période"), wording.year_head(begins)),
    }
    for grouping, organisation, role, kind, year, unit, *values in rows:
        sums = _sums(values, unit)
        if grouping == 15:
            total = _plus(total, sums)
            continue
        match grouping:
            case 7:
                label = names.get(organisation, "")
            case 11:
                label = roles_in_words(role) or _("Aucun rôle dit")
            case 13:
                label = str(nature_of(kind).label).capitalize()
            case _:
                label = str(year) if begins == 1 else f"{year}-{year + 1}"
        found[grouping][label] = _plus(found[grouping][label], sums)
    groups = []
    for number, (title, head) in titles.items():
        if held := found.get(number):
            by_year = number == 14
            ranked = sorted(held.items(), key=lambda pair: (0 if by_year else -pair[1].promised, pair[0]))
            groups.append(Group(title, head, ranked))
    return groups, total
