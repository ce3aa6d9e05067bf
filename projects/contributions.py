"""Taking part in a project: offer, welcome, decline, end; promise something, and record it as it comes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.models import Organisation
from directory.permissions import is_member, require
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import day_in_words
from projects import notifications
from projects.models import (
    IN_HOURS,
    Contribution,
    ContributionRole,
    Delivery,
    Nature,
    Part,
    Participation,
    Project,
    lent,
)
from projects.permissions import can_follow_up, can_lead, can_offer, can_take_off, leads_as_member
from projects.wording import period, quantity

S = Participation.Status
THEIRS_TO_TAKE_BACK = gettext_lazy(
    "Une offre se retire par l’organisme qui l’a faite : accueillez-la, ou déclinez-la en disant pourquoi. "
    "Rien n’a changé."
)
NOTHING_MORE = gettext_lazy("Ce projet est terminé : on ne peut plus rien lui offrir. Rien n’a été enregistré.")
TOO_LATE = gettext_lazy(
    "Ce projet est terminé : on n’y accueille plus rien. Rien n’a changé : rouvrez-le d’abord, ou déclinez en disant "
    "pourquoi."
)


class NotPossible(Exception):  # noqa: N818 - it is an answer, not a fault
    """It makes no sense as things stand; nothing was changed. Its text is a sentence for the person."""


class BeyondPromise(NotPossible):
    """More came than was promised, or at another time, and nothing says that this is meant."""


def _open(project: Project, refusal: Promise | None = None) -> Project:
    """The project, held until the end of the transaction, while one may still offer or welcome something."""
    held = Project.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    found = held.get(pk=project.pk)
    if found.is_ended:
        raise NotPossible(str(refusal or NOTHING_MORE))
    return found


@transaction.atomic
def offer(
    *,
    project: Project,
    organisation: Organisation,
    part: str,
    by: Any,
    roles: Iterable[str] = (),
    message: str = "",
    brings: Iterable[Mapping[str, Any]] = (),
) -> Participation:
    """Offer to take part, with what one brings. What the organisation that leads offers needs no answer.

    Support is there at once too; what is brought with it waits to be welcomed, as any promise.

    Raises NotPossible for a project that ended, or when the organisation already takes part in that capacity.
    """
    project = _open(project)
    require(can_offer(by, project, organisation))
    leads = leads_as_member(by, project) and project.organisation_id == organisation.pk
    at_once = leads or part == Part.SUPPORTS
    now = timezone.now()
    try:
        with transaction.atomic():
            made = Participation.objects.create(
                project=project, organisation=organisation, part=part, roles=list(roles), message=message,
                offered_by=by, status=S.WELCOMED if at_once else S.OFFERED, answered_at=now if at_once else None,
                answered_by=by if at_once else None,
            )  # fmt: skip
    except IntegrityError as error:
        raise NotPossible(
            _("%(who)s participe déjà à ce titre, ou l’a déjà proposé. Rien n’a été enregistré de nouveau.")
            % {"who": organisation.name}
        ) from error
    brought = [_promise(made, one, by=by, welcomed=leads) for one in brings]
    if at_once:
        notifications.joined(made, by=by, brought=[] if leads else brought)
    else:
        notifications.offered(made, by=by, brought=brought)
    return made


@transaction.atomic
def answer(participation: Participation, *, welcome: bool, by: Any, reason: str = "") -> Participation:
    """Welcome a participation and what it brings, or decline it with a reason. Raises AlreadyMoved, NotPossible."""
    require(can_lead(by, participation.project))
    if welcome:
        _open(participation.project, TOO_LATE)
    now = timezone.now()
    status = S.WELCOMED if welcome else S.DECLINED
    waiting = Participation.objects.filter(pk=participation.pk, status=S.OFFERED)
    if not waiting.update(status=status, reason=reason[:1000], answered_at=now, answered_by=by):
        raise AlreadyMoved
    said = Contribution.Status.WELCOMED if welcome else Contribution.Status.DECLINED
    brought = participation.contributions.filter(status=Contribution.Status.OFFERED)
    brought.update(status=said, reason=reason[:1000], answered_at=now)
    participation.refresh_from_db()
    notifications.answered(participation, by=by)
    return participation


@transaction.atomic
def end(participation: Participation, *, by: Any, reason: str = "") -> Participation:
    """The partner leaves, or takes its offer back; or the bearers thank it, saying why. What came stays in the ledger.

    A project keeps one bearer while it has one who answers for it. Raises AlreadyMoved, NotPossible.
    """
    partner = is_member(by, participation.organisation)
    project = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=participation.project_id)
    require(can_follow_up(by, participation))
    if participation.status == S.OFFERED:  # who leads declines it, saying why
        require(partner)
    if not partner and not reason.strip():
        raise NotPossible(_("Dites pourquoi : sans un mot, l’autre organisme ne saura pas. Rien n’a changé."))
    if participation.part == Part.CARRIES and participation.status == S.WELCOMED:
        others = Participation.objects.carrying().filter(project=project).exclude(pk=participation.pk)
        if not others.exists() and not project.is_ended:
            raise NotPossible(
                _(
                    "Vous êtes le seul organisme qui porte ce projet : accueillez d’abord un autre porteur, ou "
                    "terminez-le."
                )
            )
    rows = Participation.objects.filter(
        pk=participation.pk, status__in=[S.OFFERED, S.WELCOMED] if partner else [S.WELCOMED]
    )
    if not rows.update(status=S.ENDED, ended_on=timezone.localdate(), reason=reason[:1000]):
        raise AlreadyMoved
    standing = [Contribution.Status.OFFERED, Contribution.Status.WELCOMED]
    participation.contributions.filter(status__in=standing).update(status=Contribution.Status.CANCELLED)
    participation.refresh_from_db()
    notifications.ended(participation, by=by)
    return participation


# ---- what is promised


def _promise(participation: Participation, said: Mapping[str, Any], *, by: Any, welcomed: bool) -> Contribution:
    rate = participation.project.value_of_an_hour if said["nature"] in IN_HOURS else 0
    states = Contribution.Status
    return Contribution.objects.create(
        participation=participation,
        nature=said["nature"],
        role=said.get("role") or "",
        label=said["label"],
        need=said.get("need"),
        hours=said.get("hours") or 0,
        amount=said.get("amount") or 0,
        hourly_rate=rate,
        method=said.get("method") or "",
        starts_on=said.get("starts_on"),
        ends_on=said.get("ends_on"),
        status=states.WELCOMED if welcomed else states.OFFERED,
        answered_at=timezone.now() if welcomed else None,
        offered_by=by,
    )


@transaction.atomic
def promise(participation: Participation, said: Mapping[str, Any], *, by: Any) -> Contribution:
    """Something more, by the partner; promised at once by who leads, otherwise once welcomed. Raises NotPossible."""
    require(is_member(by, participation.organisation))
    project = _open(participation.project)
    if participation.status not in (S.OFFERED, S.WELCOMED):
        raise NotPossible(_("Cette participation est close : proposez-en une nouvelle. Rien n’a été enregistré."))
    welcomed = participation.status == S.WELCOMED and can_lead(by, project)
    made = _promise(participation, said, by=by, welcomed=welcomed)
    if participation.status == S.WELCOMED and not welcomed:
        notifications.promised(made, by=by)
    touch(project)
    return made


@transaction.atomic
def answer_promise(contribution: Contribution, *, welcome: bool, by: Any, reason: str = "") -> Contribution:
    """Welcome or decline one promise of a partner. Raises AlreadyMoved, NotPossible."""
    project = contribution.participation.project
    require(can_lead(by, project))
    if welcome:
        _open(project, TOO_LATE)
    states = Contribution.Status
    waiting = Contribution.objects.filter(pk=contribution.pk, status=states.OFFERED)
    said = states.WELCOMED if welcome else states.DECLINED
    if not waiting.update(status=said, reason=reason[:1000], answered_at=timezone.now()):
        raise AlreadyMoved
    contribution.refresh_from_db()
    touch(project)
    notifications.promise_answered(contribution, by=by)
    return contribution


@transaction.atomic
def take_back(contribution: Contribution, *, by: Any, reason: str = "") -> Contribution:
    """What will not come, or not entirely: what already came stays; the other side is told.

    What still awaits an answer is taken back by who offered it. Raises AlreadyMoved.
    """
    require(can_follow_up(by, contribution.participation))
    states = Contribution.Status
    partner = is_member(by, contribution.participation.organisation)
    if contribution.status == states.OFFERED:
        require(partner)
    standing = [states.OFFERED, states.WELCOMED] if partner else [states.WELCOMED]
    rows = Contribution.objects.filter(pk=contribution.pk, status__in=standing)
    if not rows.update(status=states.CANCELLED, reason=reason[:1000]):
        raise AlreadyMoved
    contribution.refresh_from_db()
    touch(contribution.participation.project)
    notifications.taken_back(contribution, by=by)
    return contribution


# ---- what came


@transaction.atomic
def deliver(
    contribution: Contribution, *, on: datetime.date, by: Any, hours: Decimal | int = 0, amount: Decimal | int = 0,
    note: str = "",
) -> Delivery:  # fmt: skip
    """Record a part of what was promised as it comes. More than promised is welcome too, with a word that says so.

    Raises NotPossible, or its kind BeyondPromise when that word is missing.
    """
    require(can_follow_up(by, contribution.participation))
    held = Contribution.objects.select_for_update(of=("self",)).get(pk=contribution.pk)
    if held.status != Contribution.Status.WELCOMED:
        raise NotPossible(_("Cette contribution n’est pas promise : rien n’a été inscrit."))
    if on > timezone.localdate():
        raise NotPossible(_("Cette date n’est pas encore arrivée : on inscrit ce qui est venu."))
    if held.nature == Nature.MONEY and hours:
        raise NotPossible(_("De l’argent ne se compte pas en heures : rien n’a été inscrit."))
    if not hours and not amount and held.has_figures:
        raise NotPossible(_("Écrivez combien d’heures ou de dollars sont venus : rien n’a été inscrit."))
    if not hours and not amount and not note.strip():
        raise NotPossible(_("Dites en un mot ce qui est venu : rien n’a été inscrit."))
    if not note.strip():
        _as_promised(held, on=on, hours=Decimal(hours or 0), amount=Decimal(amount or 0))
    made = Delivery.objects.create(
        contribution=held, on=on, hours=hours or 0, amount=amount or 0, note=note[:200], recorded_by=by
    )
    touch(contribution.participation.project)
    notifications.came(made, by=by)
    return made


def _as_promised(held: Contribution, *, on: datetime.date, hours: Decimal, amount: Decimal) -> None:
    """Raises BeyondPromise when a line makes more than was promised, or came at another time."""
    found = []
    if excess := _beyond(held, hours=hours, amount=amount):
        found.append(_("Avec cette ligne, %(came)s seraient venus pour %(promised)s promis.") % excess)
    if not in_its_time(held, on, on):
        said = {"day": day_in_words(on, "j F Y"), "promised": period(held.starts_on, held.ends_on)}
        found.append(_("C’est venu le %(day)s; la promesse vaut %(promised)s.") % said)
    if found:
        asked = _("Si c’est bien cela, dites-le en un mot dans la remarque; sinon, corrigez. Rien n’est inscrit.")
        raise BeyondPromise(" ".join([*found, asked]))


def in_its_time(held: Contribution, first: datetime.date, last: datetime.date) -> bool:
    """Whether these days are within the period promised."""
    return (held.starts_on or first) <= first and last <= (held.ends_on or last)


def _beyond(held: Contribution, *, hours: Decimal, amount: Decimal, foreseen: bool = False) -> dict[str, str]:
    """What would have come and what was promised, when that is less; ``foreseen`` counts loans to come as well."""
    came = held.deliveries.standing().aggregate(hours=Sum("hours"), amount=Sum("amount"))
    loans = kept_by_loans([held])[held.pk]
    all_hours = (came["hours"] or 0) + sum(one.foreseen if foreseen else one.hours for one in loans) + hours
    all_dollars = (came["amount"] or 0) + (0 if held.hours else sum(one.dollars for one in loans)) + amount
    too_long = held.hours and all_hours > held.hours
    if not too_long and not (held.value and all_dollars > held.value):
        return {}
    return {
        "came": quantity(all_hours, 0) if too_long else quantity(0, all_dollars),
        "promised": quantity(held.hours, 0) if too_long else quantity(0, held.value),
    }


def beyond(held: Contribution) -> str:
    """How much would come with the loans that keep it, those to come too, when that is more than was promised."""
    said = _("Avec ce prêt, %(came)s seraient venus pour %(promised)s promis.")
    found = _beyond(held, hours=Decimal(0), amount=Decimal(0), foreseen=True)
    return said % found if found else ""


@transaction.atomic
def take_off(delivery: Delivery, *, by: Any, reason: str) -> Delivery:
    """Take a line off the ledger, by who recorded it or who leads: it stays readable, with why; the other side is told.

    Raises AlreadyMoved.
    """
    require(can_take_off(by, delivery))
    rows = Delivery.objects.standing().filter(pk=delivery.pk)
    if not rows.update(removed_at=timezone.now(), removed_by=by, removed_why=reason[:1000]):
        raise AlreadyMoved
    delivery.refresh_from_db()
    touch(delivery.contribution.participation.project)
    notifications.taken_off(delivery, by=by)
    return delivery


class Kept(NamedTuple):
    """What a real loan did of a promise that it keeps."""

    name: str
    begins: datetime.date
    ends: datetime.date
    hours: Decimal
    dollars: Decimal
    foreseen: Decimal


def kept_by_loans(promises: Iterable[Contribution]) -> dict[int, list[Kept]]:
    """By promise, the loans that keep it, those still to come too, in one query."""
    by_pk = {one.pk: one for one in promises}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT contribution_id, name, (min(begins) AT TIME ZONE %(zone)s)::date,
                (max(ends) AT TIME ZONE %(zone)s)::date, round(sum(so_far)::numeric, 2),
                round(sum(worth_so_far)::numeric, 2), round(sum(foreseen)::numeric, 2), bool_or(paid)
                FROM ({lent("k.contribution_id = ANY(%(promises)s)")}) dates
                GROUP BY contribution_id, id, name ORDER BY min(begins), id""",  # noqa: S608 - our own SQL
            {"promises": list(by_pk), "zone": settings.TIME_ZONE},
        )
        found: dict[int, list[Kept]] = {pk: [] for pk in by_pk}
        for pk, name, begins, ends, hours, worth, foreseen, paid in cursor.fetchall():
            rate = by_pk[pk].rate
            dollars = (hours * rate).quantize(Decimal("0.01")) if rate and not paid else worth
            found[pk].append(Kept(name, begins, ends, hours, dollars, foreseen))
    return found


def touch(project: Project) -> None:
    """Move the date of change, by which pages are cached: what hangs from a project isn’t in its row."""
    Project.objects.filter(pk=project.pk).update(search=None)


def missing_roles(participations: Iterable[Participation]) -> list[ContributionRole]:
    """The roles that nobody holds."""
    held = {role for p in participations for role in p.roles}
    return [role for role in ContributionRole if role not in held]
