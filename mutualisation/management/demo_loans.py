"""The loans of the demonstration: every state, past and to come, dated from today; some await each account.

What is still to be answered is asked by the verbs. What is past is written as the verbs would have, at its own dates.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from directory import calendar
from directory.models import Closure, ExceptionalHours, Membership, Organisation, Reason, Resource, Role
from loans import proposals, requests
from loans.models import (
    ConditionReport,
    Incident,
    Loan,
    LoanDate,
    LoanEvent,
    LoanHandling,
    LoanMessage,
    LoanStatus,
    Moment,
    Side,
)
from mutualisation.kernel.moments import Period, moment, span
from mutualisation.management.demo_history import three_years

CANAL, MARMITE = "carrefour-du-canal", "la-marmite-solidaire"
# Who answers for the organisations that have no account of their own in the demonstration.
PEOPLE = {
    "le-recto": "Maude Lessard",
    "la-reserve-des-trois-lacs": "Karim Belkacem",
    "fete-au-village-de-sainte-martine": "Ginette Primeau",
    "les-bons-voisins-du-mont": "Hélène Charron",
    "entraide-ormstown": "Tom Cullen",
    "radio-des-trois-lacs": "Yan Robidoux",
}
TUESDAY, THURSDAY = 1, 3
S = LoanStatus


@dataclass
class Cast:
    """Organisations by slug, with who acts for each; resources by slug."""

    people: dict[str, User] = field(default_factory=dict)

    def organisation(self, slug: str) -> Organisation:
        return Organisation.objects.defer("search", "description").get(slug=slug)

    def resource(self, slug: str) -> Resource:
        return Resource.objects.select_related("organisation").defer("search").get(slug=slug)


def day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def on(days: int, first: int, last: int, *, until: int | None = None) -> Period:
    """From an hour of the wall, in some days, to another; ``until`` is the last day when it is not the same."""
    return span(
        moment(day(days), datetime.time(first)), moment(day(days if until is None else until), datetime.time(last))
    )


def weekly(weekday: int, first: int, last: int, *, past: int, to_come: int) -> list[Period]:
    """The same hours of the same weekday, from some weeks ago to some weeks from now."""
    nearest = (weekday - timezone.localdate().weekday()) % 7 + 7
    return [on(nearest + 7 * week, first, last) for week in range(-past - 1, to_come)]


@transaction.atomic
def lend_and_borrow() -> None:
    """Once: a database that has loans is left alone, and so is one without the demonstration’s organisations."""
    known = set(Organisation.objects.filter(slug__in=[*PEOPLE, CANAL, MARMITE]).values_list("slug", flat=True))
    if Loan.objects.exists() or not known.issuperset([*PEOPLE, CANAL, MARMITE]):
        return
    cast = people()
    if not {CANAL, MARMITE} <= set(cast.people):
        return
    three_years(leaving=(CANAL, MARMITE))
    _ended(cast)
    _under_way(cast)
    _to_answer(cast)
    _late_and_held(cast)
    _blocked(cast)


def people() -> Cast:
    """Who acts for each organisation of the demonstration."""
    cast = Cast()
    for slug, name in PEOPLE.items():
        person, fresh = User.objects.get_or_create(email=f"coordination@{slug}.example", defaults={"name": name})
        if fresh:
            person.set_unusable_password()
            person.save(update_fields=["password"])
        Membership.objects.get_or_create(
            user=person, organisation=cast.organisation(slug), defaults={"role": Role.MANAGER}
        )
        cast.people[slug] = person
    for slug in (CANAL, MARMITE):
        member = Membership.objects.filter(organisation__slug=slug, user__is_active=True).select_related("user").first()
        if member:
            cast.people[slug] = member.user
    return cast


# ---- what is past, or under way


def write_loan(
    cast: Cast, slug: str, borrower: str, periods: list[Period], status: str, *, quantity: int = 1, purpose: str,
    asked: int = 14, note: str = "", **fields: Any,
) -> Loan:  # fmt: skip
    """A loan as its verbs would have left it: its dates, its story at its own days, the time it holds."""
    resource = cast.resource(slug)
    lender = resource.organisation
    by = {Side.BORROWER: cast.people[borrower], Side.LENDER: cast.people.get(lender.slug)}
    first, last = periods[0].lower, periods[-1].upper
    asked_at = first - datetime.timedelta(days=asked)
    steps: list[tuple[str, str, datetime.datetime, str]] = [("ask", Side.BORROWER, asked_at, "")]
    soon = asked_at + datetime.timedelta(hours=22)
    if status == S.DECLINED:
        steps.append(("decline", Side.LENDER, soon, note))
    elif status == S.EXPIRED:
        steps.append(("expire", "", asked_at + requests.ANSWER_WITHIN, ""))
    else:
        steps.append(("accept", Side.LENDER, soon, ""))
        fields["accepted_at"] = soon
    if status == S.CANCELLED:
        steps.append(("cancel", Side.BORROWER, soon + datetime.timedelta(days=3), note))
    if status in (S.HANDED_OVER, S.RETURNED, S.CLOSED):
        steps.append(("hand_over", Side.LENDER, first, ""))
        fields["handed_over_at"] = first
    if status in (S.RETURNED, S.CLOSED):
        fields.setdefault("returned_at", last)
        steps.append(("bring_back", Side.BORROWER, fields["returned_at"], ""))
    if status == S.CLOSED:
        fields["returned_quantity"] = quantity
        steps.append(("close", Side.LENDER, fields["returned_at"] + datetime.timedelta(hours=20), note))
    loan = Loan.objects.create(
        resource=resource, lender=lender, borrower=cast.organisation(borrower), status=status, quantity=quantity,
        purpose=purpose, starts_at=first, ends_at=last, requested_by=by[Side.BORROWER], requested_at=asked_at,
        answer_by=asked_at + requests.ANSWER_WITHIN, cost_mode=resource.cost_mode, price=resource.price,
        price_unit=resource.price_unit, deposit=resource.deposit, version=len(steps),
        **{"handling": LoanHandling.PICKUP, **fields},
    )  # fmt: skip
    LoanEvent.objects.bulk_create(
        LoanEvent(loan=loan, verb=verb, side=side, at=at, note=said, by=by.get(Side(side)) if side else None)
        for verb, side, at, said in steps
    )
    dates = LoanDate.objects.bulk_create([LoanDate(loan=loan, period=period) for period in periods])
    if status in (S.ACCEPTED, S.HANDED_OVER):
        calendar.occupy(resource, [(d.period, d.act) for d in dates], quantity)
    for kind, verb in ((Moment.HANDOVER, "hand_over"), (Moment.RETURN, "bring_back")):
        if at := next((at for name, _side, at, _said in steps if name == verb), None):
            _report(loan, kind, by, counted=quantity, at=at)
    return loan


def _report(loan: Loan, kind: str, by: dict[Any, Any], *, counted: int, at: Any, **fields: Any) -> ConditionReport:
    """Counted by one side, confirmed by the other half an hour later."""
    later = at + datetime.timedelta(minutes=30)
    lends = kind == Moment.HANDOVER
    return ConditionReport.objects.create(
        loan=loan, moment=kind, counted=counted, happened_at=at, filled_at=at,
        filled_side=Side.LENDER if lends else Side.BORROWER, filled_by=by[Side.LENDER if lends else Side.BORROWER],
        lender_by=by[Side.LENDER], lender_at=at if lends else later,
        borrower_by=by[Side.BORROWER], borrower_at=later if lends else at, **fields,
    )  # fmt: skip


def _sides(cast: Cast, loan: Loan) -> dict[Any, Any]:
    return {Side.LENDER: cast.people.get(loan.lender.slug), Side.BORROWER: cast.people[loan.borrower.slug]}


def _ended(cast: Cast) -> None:
    """A year of loans that went well, and those that did not happen."""
    kept = (
        ("cinquante-chaises-pliantes", MARMITE, -300, 40, "Souper bénéfice"),
        ("projecteur-et-ecran-portatif", "entraide-ormstown", -220, 1, "Soirée d’information sur le logement"),
        ("douze-chaudrons-de-40-litres", CANAL, -150, 6, "Cuisine collective de la rentrée"),
        ("transpalette-et-diables", MARMITE, -90, 2, "Arrivage de la Moisson"),
        ("sonorisation-et-deux-micros-sans-fil", CANAL, -60, 1, "Assemblée générale"),
        ("vingt-tables-pliantes", "fete-au-village-de-sainte-martine", -45, 12, "Marché public"),
    )
    for slug, borrower, days, quantity, purpose in kept:
        write_loan(
            cast, slug, borrower, [on(days, 9, 16, until=days + 2)], S.CLOSED, quantity=quantity, purpose=purpose
        )
    due = on(-33, 9, 12, until=-30)
    write_loan(
        cast, "trousse-video-de-tournage", MARMITE, [due], S.CLOSED, purpose="Capsule sur le gaspillage",
        returned_at=due.upper + datetime.timedelta(days=2), note="Deux jours de retard, prévenus à temps.",
    )  # fmt: skip
    declined = "Elles sont déjà promises à la fête du village."
    write_loan(cast, "barrieres-de-foule", MARMITE, [on(-20, 8, 18)], S.DECLINED, purpose="Parcours de la course",
           quantity=30, note=declined)  # fmt: skip
    write_loan(cast, "chapiteau-20-sur-20-pieds", CANAL, [on(-12, 8, 18, until=-10)], S.CANCELLED,
           purpose="Épluchette", note="La pluie nous fait rentrer : merci quand même.")  # fmt: skip
    write_loan(cast, "camera-de-visioconference-360", CANAL, [on(-5, 9, 17)], S.EXPIRED, purpose="Rencontre à distance")
    write_loan(cast, "six-canots-et-remorque", MARMITE, [on(-3, 8, 17, until=-1)], S.RETURNED, quantity=2,
           purpose="Sortie d’équipe")  # fmt: skip


def _under_way(cast: Cast) -> None:
    """A series, a person shared, chairs of which some came back, an incident being repaired, loans to come."""
    evenings = weekly(TUESDAY, 18, 21, past=10, to_come=28)
    series = write_loan(
        cast, "salle-du-canal", "le-recto", evenings, S.HANDED_OVER, purpose="Ateliers d’alphabétisation", asked=30,
        handling=LoanHandling.ON_SITE,
        recurrence={"every": "week", "interval": 1, "until": evenings[-1].upper.date().isoformat()},
    )  # fmt: skip
    off = series.dates.filter(period__startswith__gt=timezone.now())[3]
    requests.cancel_date(off, by=cast.people["le-recto"], reason="Semaine de relâche : pas d’atelier.")

    thursdays = weekly(THURSDAY, 9, 16, past=8, to_come=20)
    accountant = write_loan(
        cast, "comptable-un-jour-par-semaine", CANAL, thursdays, S.HANDED_OVER, purpose="Tenue de livres et paie",
        asked=40, handling=LoanHandling.ON_SITE, worker="Lucie Bérubé", supervisor="Odile Marchessault",
        time_share="un jour par semaine", trial_ends_on=day(14), consent_on=day(-80),
        consent_by=cast.people[MARMITE], conditions="Salaire et assurances restent à La Marmite solidaire.",
        recurrence={"every": "week", "interval": 1, "until": thursdays[-1].upper.date().isoformat()},
    )  # fmt: skip
    _say(accountant, cast, MARMITE, -20, "Lucie demande un deuxième écran : en auriez-vous un?")
    _say(accountant, cast, CANAL, -19, "C’est fait, il l’attend jeudi.")

    chairs = write_loan(
        cast, "cinquante-chaises-pliantes", "fete-au-village-de-sainte-martine", [on(-4, 9, 17, until=3)],
        S.HANDED_OVER, quantity=20, purpose="Souper communautaire",
    )  # fmt: skip
    yesterday = moment(day(-1), datetime.time(15))
    _report(chairs, Moment.RETURN, _sides(cast, chairs), counted=15, at=yesterday, note="Cinq servent encore.")
    calendar.release_units(chairs.resource, list(chairs.dates.values_list("act", flat=True)), 15, at=yesterday)
    Loan.objects.filter(pk=chairs.pk).update(returned_quantity=15, version=chairs.version + 1)
    LoanEvent.objects.create(
        loan=chairs, verb="bring_back_part", side=Side.BORROWER, at=yesterday,
        by=cast.people["fete-au-village-de-sainte-martine"], data={"counted": 15, "left": 5},
    )  # fmt: skip

    _damaged(cast)
    write_loan(
        cast,
        "transpalette-et-diables",
        MARMITE,
        [on(-1, 8, 16, until=2)],
        S.HANDED_OVER,
        purpose="Paniers de la semaine",
    )
    write_loan(cast, "sonorisation-et-deux-micros-sans-fil", CANAL, [on(9, 13, 23)], S.ACCEPTED, asked=16,
           purpose="Fête des bénévoles")  # fmt: skip
    write_loan(cast, "polisseuse-et-aspirateur-eau", MARMITE, [on(30, 8, 17)], S.ACCEPTED, asked=35,
           purpose="Grand ménage")  # fmt: skip


def _damaged(cast: Cast) -> None:
    """Back with a broken wheel: the incident is open, the unit in repair, who comes next was warned."""
    loan = write_loan(cast, "polisseuse-et-aspirateur-eau", "entraide-ormstown", [on(-7, 8, 17, until=-6)], S.RETURNED,
                  purpose="Planchers du comptoir")  # fmt: skip
    ConditionReport.objects.filter(loan=loan, moment=Moment.RETURN).update(
        state=ConditionReport.State.DAMAGED, note="Une roue ne tourne plus."
    )
    back = loan.returned_at or timezone.now()
    incident = Incident.objects.create(
        loan=loan, report=loan.reports.get(moment=Moment.RETURN), units=1, estimate=85, payer=Incident.Payer.BORROWER,
        description="La roue avant gauche de la polisseuse s’est brisée dans l’escalier.", back_on=day(12),
        opened_by=cast.people[CANAL], opened_at=back,
    )  # fmt: skip
    LoanEvent.objects.create(
        loan=loan, verb="open_incident", side=Side.LENDER, by=cast.people[CANAL], at=back,
        data={"incident": incident.pk},
    )  # fmt: skip
    period = span(back, moment(day(12), datetime.time(8)))
    Closure.objects.create(
        resource=loan.resource, act=incident.act, reason=Reason.REPAIR, period=period, quantity=1,
        note="Chez le réparateur", created_by=cast.people[CANAL],
    )  # fmt: skip
    calendar.occupy_units(loan.resource, [1], period, incident.act, Reason.REPAIR)
    _say(loan, cast, "entraide-ormstown", -5, "Désolés! Envoyez-nous la facture de la réparation.")


def _say(loan: Loan, cast: Cast, slug: str, days: int, text: str) -> None:
    LoanMessage.objects.create(
        loan=loan, organisation=cast.organisation(slug), by=cast.people[slug], text=text,
        at=moment(day(days), datetime.time(10)),
    )  # fmt: skip


# ---- what awaits someone


def _ask(
    cast: Cast, slug: str, borrower: str, period: Period, purpose: str, *, quantity: int = 1, message: str = ""
) -> Loan:
    return requests.ask(
        cast.resource(slug), by=cast.people[borrower], borrower=cast.organisation(borrower), periods=[period],
        quantity=quantity, purpose=purpose, message=message, handling=LoanHandling.PICKUP,
    )  # fmt: skip


def _to_answer(cast: Cast) -> None:
    """A request, a counter-proposal and an extension for each of the two accounts that lend and borrow."""
    _ask(cast, "cinquante-chaises-pliantes", "la-reserve-des-trois-lacs", on(12, 9, 16, until=13), "Portes ouvertes",
         quantity=30, message="Nous venons les chercher avec le camion.")  # fmt: skip
    _ask(cast, "robot-coupe-legumes", "entraide-ormstown", on(8, 9, 15), "Soupe du mois")

    pots = _ask(
        cast, "douze-chaudrons-de-40-litres", CANAL, on(15, 8, 17, until=16), "Brunch des bénévoles", quantity=8
    )
    proposals.propose(
        pots, by=cast.people[MARMITE], side=Side.LENDER, periods=[on(15, 8, 17, until=16)], quantity=5,
        conditions="Rendus lavés et secs.", message="Cinq seulement ce jour-là : les autres nous servent.",
    )  # fmt: skip
    screen = _ask(cast, "projecteur-et-ecran-portatif", MARMITE, on(10, 18, 22), "Ciné-échange")
    proposals.propose(
        screen, by=cast.people[CANAL], side=Side.LENDER, periods=[on(11, 18, 22)], quantity=1,
        conditions=screen.conditions, message="Il revient d’Ormstown ce soir-là; le lendemain vous irait-il?",
    )  # fmt: skip
    kit = write_loan(cast, "trousse-video-de-tournage", CANAL, [on(-2, 9, 16, until=1)], S.HANDED_OVER,
                 purpose="Portraits de bénévoles")  # fmt: skip
    proposals.propose(
        kit, by=cast.people[CANAL], side=Side.BORROWER, periods=[span(kit.starts_at, on(4, 9, 16).upper)], quantity=1,
        conditions=kit.conditions, message="Il nous reste deux portraits à tourner.",
    )  # fmt: skip


def _late_and_held(cast: Cast) -> None:
    """Something that should be back, and the new request that waits for it."""
    late = write_loan(
        cast, "vingt-tables-pliantes", "les-bons-voisins-du-mont", [on(-9, 9, 16, until=-3)], S.HANDED_OVER,
        quantity=6, purpose="Vente de livres", late_reminded_at=timezone.now() - datetime.timedelta(days=2),
    )  # fmt: skip
    _say(late, cast, CANAL, -1, "Bonjour! Nous en avons besoin samedi : quand pouvez-vous les rapporter?")
    _ask(
        cast,
        "congelateur-coffre-15-pieds-cubes",
        "les-bons-voisins-du-mont",
        on(20, 9, 16, until=27),
        "Collecte de denrées",
    )
    _ask(cast, "robot-coupe-legumes", "les-bons-voisins-du-mont", on(18, 9, 15), "Repas communautaire")


def _blocked(cast: Cast) -> None:
    """Closures, and days that are not ordinary."""
    for slug, period, note in (
        ("salle-du-canal", on(39 - timezone.localdate().weekday(), 8, 20), "Peinture"),
        ("camion-refrigere-16-pieds", on(6, 8, 17, until=8), "Inspection mécanique"),
        ("cuisine-aux-normes-mapaq", on(21, 8, 18), "Visite de l’inspection"),
    ):
        resource, act = cast.resource(slug), uuid.uuid4()
        calendar.occupy(resource, [(period, act)], resource.quantity, reason=Reason.CLOSURE)
        Closure.objects.create(
            resource=resource, act=act, reason=Reason.CLOSURE, period=period, quantity=resource.quantity, note=note
        )
    ExceptionalHours.objects.create(
        organisation=cast.organisation(CANAL), starts_on=day(33), ends_on=day(44), label="Congé annuel"
    )
    ExceptionalHours.objects.create(
        resource=cast.resource("grand-salon-de-la-galerie"), starts_on=day(13), ends_on=day(13),
        opens_at=datetime.time(10), closes_at=datetime.time(17), label="Ouvert pour la journée des familles",
    )  # fmt: skip
