"""Ties between a project and the rest of the portal: real loans that serve it, needs that say what it lacks."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Case, F, Func, Min, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import asking, grouping
from directory.models import Need, Organisation, Resource
from directory.permissions import is_member, require
from directory.searching import understand
from directory.writing import made_by
from loans.models import Loan
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import day_as_typed, day_in_words
from mutualisation.kernel.search import TsQuery
from projects import notifications
from projects.contributions import BeyondPromise, NotPossible, beyond, in_its_time
from projects.models import (
    IN_HOURS,
    IN_USE,
    NATURE_OF_KIND,
    Contribution,
    Idea,
    Nature,
    Participation,
    Project,
    ProjectLoan,
    ProjectNeed,
)
from projects.permissions import can_keep, can_lead, can_link, leading
from projects.wording import period

SEARCHED = 8  # words; the rest of a longer search is not read


@transaction.atomic
def link_loan(
    *, project: Project, loan: Loan, by: Any, rate: Decimal | int = 0, per: str = ProjectLoan.Per.HOUR, role: str = "",
    method: str = "", keeps: Contribution | None = None, why: str = "",
) -> ProjectLoan:  # fmt: skip
    """Say that a real loan serves a project: it counts in the ledger by itself, or as what came of a promise.

    Raises NotPossible, or its kind BeyondPromise when it is older than the project, or not as was promised, and
    ``why`` says nothing.
    """
    require(can_link(by, project, loan))
    _still_open(project, loan, keeps)
    try:
        with transaction.atomic():
            made = ProjectLoan.objects.create(
                project=project,
                loan=loan,
                rate=rate,
                per=per,
                role=role,
                method=method[:200],
                linked_by=by,
                contribution=keeps,
                why=why.strip()[:200],
            )
    except IntegrityError as error:
        raise NotPossible(_("Ce prêt sert déjà un projet : rien n’a changé.")) from error
    _as_promised(made)
    return made


@transaction.atomic
def keep_promise(link: ProjectLoan, *, keeps: Contribution | None, by: Any, why: str = "") -> ProjectLoan:
    """Say which promise a linked loan keeps, or that it keeps none; ``why`` as in ``link_loan``.

    Raises AlreadyMoved, NotPossible, or its kind BeyondPromise.
    """
    require(can_keep(by, link))
    _still_open(link.project, link.loan, keeps)
    said = {"contribution": keeps, "why": why.strip()[:200]}
    if not ProjectLoan.objects.filter(pk=link.pk, contribution=link.contribution_id).update(**said):
        raise AlreadyMoved
    link.contribution, link.why = keeps, str(said["why"])
    _as_promised(link)
    return link


def promises_open(project: Project) -> list[Contribution]:
    """What loans may keep: what is promised to the project, but for money."""
    rows = Contribution.objects.filter(participation__project=project, status=Contribution.Status.WELCOMED)
    rows = rows.exclude(nature=Nature.MONEY).select_related("participation__organisation")
    return list(rows.defer("participation__organisation__search").order_by("pk"))


def may_keep(loan: Loan, promise: Contribution) -> bool:
    """Of one of its two organisations, and counted alike: hours of use of things, or hours of people."""
    sides = (loan.lender_id, loan.borrower_id)
    return promise.participation.organisation_id in sides and (promise.nature in IN_USE) == (
        NATURE_OF_KIND[loan.resource.kind] in IN_USE
    )


def usual_promise(loan: Loan, promises: Iterable[Contribution]) -> Contribution | None:
    """What it may well keep, to be asked: the only promise of that sort of who lends."""
    nature = NATURE_OF_KIND[loan.resource.kind]
    found = [p for p in promises if p.participation.organisation_id == loan.lender_id and p.nature == nature]
    return found[0] if len(found) == 1 else None


def _as_promised(link: ProjectLoan) -> None:
    """Raises BeyondPromise when the loan is older than the project, or not as was promised, and does not say why."""
    if link.why:
        return
    promise = link.contribution
    found = [_before(link.project, link.loan)]
    asked = _("S’il sert quand même ce projet, dites pourquoi. Rien n’a changé.")
    if promise is not None:
        found += [_at_another_time(link.loan, promise), beyond(promise)]
        asked = _("S’il tient quand même cette promesse, dites pourquoi; sinon, choisissez « Non ». Rien n’a changé.")
    if any(found):
        raise BeyondPromise(" ".join([*filter(None, found), asked]))


def _before(project: Project, loan: Loan) -> str:
    """When the loan begins, if neither the project nor anything promised to it was there yet."""
    promised = Contribution.objects.filter(participation__project=project).aggregate(first=Min("starts_on"))["first"]
    there = [timezone.localdate(moment) for moment in (project.created_at, project.published_at) if moment]
    since, first = min([*there, *([promised] if promised else [])]), days_of(loan)[0]
    if first >= since:
        return ""
    said = {"first": day_in_words(first, "j F Y"), "since": day_in_words(since, "j F Y")}
    return _("Ce prêt commence le %(first)s; le projet, le %(since)s.") % said


def _at_another_time(loan: Loan, promise: Contribution) -> str:
    """When the loan takes place, if it is not within the period promised."""
    first, last = days_of(loan)
    if in_its_time(promise, first, last):
        return ""
    said = {"when": period(first, last), "promised": period(promise.starts_on, promise.ends_on)}
    return _("Ce prêt a lieu %(when)s; la promesse vaut %(promised)s.") % said


def days_of(loan: Loan) -> tuple[datetime.date, datetime.date]:
    """The first day of a loan, and the last: a midnight ends the day before."""
    instant = datetime.timedelta(microseconds=1)
    return timezone.localdate(loan.starts_at), timezone.localdate(max(loan.starts_at, loan.ends_at - instant))


def _still_open(project: Project, loan: Loan, promise: Contribution | None) -> None:
    if promise is not None and not any(p.pk == promise.pk and may_keep(loan, p) for p in promises_open(project)):
        raise NotPossible(
            _(
                "Ce prêt ne peut pas tenir cette promesse : elle est d’un autre organisme ou d’une autre sorte, ou "
                "elle n’est plus promise. Rien n’a changé."
            )
        )


@transaction.atomic
def unlink_loan(link: ProjectLoan, *, by: Any) -> None:
    """The loan goes on; it counts here no more. By its two sides, or by who leads."""
    loan = link.loan
    require(can_lead(by, link.project) or is_member(by, loan.lender) or is_member(by, loan.borrower))
    link.delete()


def usual_rate(project: Project, loan: Loan) -> Decimal:
    """What an hour of a loan is worth when nothing is said: people, as those of the project; never what it pays."""
    counted = NATURE_OF_KIND[loan.resource.kind] in IN_HOURS and not loan.price
    return Decimal(project.value_of_an_hour if counted else 0)


def nearest(loans: QuerySet[Loan], project: Project, text: str = "") -> QuerySet[Loan]:
    """Those that have each of these words, in their purpose too, and begin or end on the day that some of them make.

    Between partners and of the project’s time first, then the newest.
    """
    inside = Participation.objects.welcomed().filter(project=project).values("organisation")
    words, day = _day_apart(text.split()[:SEARCHED])
    loans = loans.filter(day).alias(words=Func("purpose", Value(""), function="fr_vector"))
    for word in map(understand, words):
        named = Q(resource__in=Resource.objects.matching(word).values("pk"))
        of = Organisation.objects.matching(word).values("pk")
        told = Q(Func(F("words"), TsQuery(word), template="%(expressions)s", arg_joiner=" @@ ",
                      output_field=BooleanField()))  # fmt: skip
        loans = loans.filter(named | Q(lender__in=of) | Q(borrower__in=of) | told) if word else loans
    sheet = timezone.localdate(project.published_at or project.created_at)
    brought = Contribution.objects.filter(participation__project=project, starts_on__lt=sheet).order_by("starts_on")
    timely = Q(ends_at__date__gte=Coalesce(Subquery(brought.values("starts_on")[:1]), sheet))
    if project.is_ended:
        timely &= Q(starts_at__date__lte=project.stage_since)
    loans = loans.annotate(
        apart=Case(When(Q(lender__in=inside) & Q(borrower__in=inside), then=0), default=1),
        untimely=Case(When(timely, then=0), default=1),
    )
    return loans.order_by("apart", "untimely", "-starts_at", "-id")


def _day_apart(words: list[str]) -> tuple[list[str], Q]:
    """« cuisine 22 novembre »: the words that make no day, and the day; the longest way of saying it first."""
    for size in range(min(5, len(words)), 0, -1):  # « le jeudi, 17 décembre 2026 »
        for at in range(len(words) - size + 1):
            if day := _on_the_day(" ".join(words[at : at + size])):
                return words[:at] + words[at + size :], day
    return words, Q()


def _on_the_day(text: str) -> Q:
    """Beginning or ending on the day that is typed, of any year when none is; nothing for anything else."""
    dated, leap = day_as_typed(text), day_as_typed(f"{text} 2000")
    if typed := dated or leap:
        said = {"day": typed.day, "month": typed.month, **({"year": typed.year} if dated else {})}
        ends: list[Q] = [Q(**{f"{end}__{part}": n for part, n in said.items()}) for end in ("starts_at", "ends_at")]
        return ends[0] | ends[1]
    return Q()


@transaction.atomic
def ask_for(*, project: Project, form_for: Callable[[Need], Any], blank: Need, by: Any, once: str) -> Any:
    """Post a need of the project in the name of an organisation that leads it; gives the form as ``asking.ask``."""
    require(can_lead(by, project) and leading(project).filter(pk=blank.organisation_id).exists())
    form = asking.ask(form_for=form_for, blank=blank, by=by, once=once, publish=True)
    if not form.errors:
        need = made_by(once, Need, by=by) or form.instance
        ProjectNeed.objects.get_or_create(need=need, defaults={"project": project})
    return form


@transaction.atomic
def link_need(*, project: Project, need: Need, by: Any) -> ProjectNeed:
    """Say that a need already posted by an organisation that leads is one of the project. Raises NotPossible."""
    require(can_lead(by, project) and is_member(by, need.organisation))
    require(leading(project).filter(pk=need.organisation_id).exists())
    link, fresh = ProjectNeed.objects.get_or_create(need=need, defaults={"project": project})
    if not fresh and link.project_id != project.pk:
        raise NotPossible(_("Ce besoin est déjà celui d’un autre projet : rien n’a changé."))
    return link


def brought_to(needs: Iterable[Need], user: Any) -> dict[int | None, list[Contribution]]:
    """By need of a project, what answers it that this reader may see: what is promised, then what awaits an answer."""
    found: dict[int | None, list[Contribution]] = {need.pk: [] for need in needs}
    if found:
        rows = Contribution.objects.visible_to(user).filter(
            need__in=found, participation__project__linked_needs__need=F("need")
        )
        rows = rows.select_related("participation__organisation", "participation__project")
        rows = rows.only("status", "need", "participation__organisation__name", "participation__project__slug")
        for one in rows.order_by("-status", "pk"):
            found[one.need_id].append(one)
    return found


@transaction.atomic
def take_up(*, project: Project, needs: Iterable[Need], by: Any) -> None:
    """Needs that several organisations share, and that a project means to answer, become its own.

    One's own, and those of the groups that this person may call together (``grouping``). A need serves one project.
    The organisations of the others are told once anyone may read the project, and may take their need back.
    """
    require(can_lead(by, project))
    found = grouping.groups()
    allowed = grouping.may_invite(by, found)
    shared = {pk for group in found if group.key in allowed for pk in group.needs}
    own = set(by.memberships.values_list("organisation", flat=True))
    taken = [need for need in needs if need.pk in shared or need.organisation_id in own]
    ProjectNeed.objects.bulk_create([ProjectNeed(project=project, need=n) for n in taken], ignore_conflicts=True)
    _seen_anew(taken)
    tell_taken_up(project)


def tell_taken_up(project: Project) -> None:
    """Tell the organisations whose need a public project took up, or whose idea it was, or that supported it.

    Each once: saying it again writes to nobody.
    """
    if not project.is_public:
        return
    leads = set(leading(project).values_list("pk", flat=True))
    links = ProjectNeed.objects.filter(project=project).exclude(need__organisation__in=leads)
    for link in links.select_related("need__organisation").defer("need__search").order_by("pk"):
        notifications.taken_up(project, link.need)
    for idea in Idea.objects.filter(project=project, withdrawn_at__isnull=True).select_related("community"):
        behind = Organisation.objects.filter(Q(pk=idea.organisation_id) | Q(pk__in=idea.supporters.values("pk")))
        for organisation in behind.exclude(pk__in=leads).only("pk").order_by("pk"):
            notifications.idea_became(project, idea, supporter=organisation)


@transaction.atomic
def unlink_need(link: ProjectNeed, *, by: Any) -> None:
    """By who leads the project, or by the organisation whose need it is."""
    require(can_lead(by, link.project) or is_member(by, link.need.organisation))
    link.delete()
    _seen_anew([link.need])


def _seen_anew(needs: Iterable[Need]) -> None:
    """The page of a need names its project: the copies that browsers keep are old."""
    Need.objects.filter(pk__in=[need.pk for need in needs]).update(updated_at=timezone.now())
