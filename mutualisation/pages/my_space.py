"""Mon espace: what awaits me first, then my organisation, then the rest."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, Prefetch, Q, When, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from directory.freshness import confirm_path
from directory.invitations import invitations_for
from directory.memberships import acting_for, memberships_of
from directory.models import JoinRequest, Membership, Need, Practice, Resource
from directory.models.curated import kept_as
from directory.queue import queue
from loans import awaited, signing
from loans.gate import awaiting, sends_link
from loans.models import AgreementStatus, Loan, Proposal, Side, Wait
from loans.models.wait import AGREEMENT
from loans.standing import moment_words, standing
from mutualisation.kernel.publication import Freshness, Status
from mutualisation.pages import together
from mutualisation.pages.todo import Todo
from projects.models import Community, Project
from projects.views.gathering import coming_for
from toolbox.models import Tool

TO_SIGN = AgreementStatus.TO_SIGN
SHOWN = 12
OLD = (Freshness.REMINDED, Freshness.SECOND, Freshness.HIDDEN)
LOOK_AT = Q(status=Status.RETURNED) | Q(status=Status.PUBLISHED, freshness__in=OLD)
BACK = Case(When(status=Status.RETURNED, then=0), default=1)
READ = SHOWN * 2  # the most urgent, the most recent are chosen among these
URGENCY = {
    wait: n
    for n, wait in enumerate(
        (
            Wait.LATE,
            Wait.DUE,
            Wait.HAND_OVER,
            Wait.ANSWER,
            Wait.CORRECT,
            Wait.CONFIRM,
            Wait.AGREE,
            Wait.NAME,
            Wait.SETTLE,
            Wait.CLOSE,
            *AGREEMENT,
        )
    )
}


@never_cache
def my_space(request: HttpRequest) -> HttpResponse:
    """The page one lands on after signing in."""
    mine = memberships_of(request)
    acting = acting_for(request)
    coming = coming_for(request.user)
    asked = _join_requests(request, mine)
    stories, tools = _proposed(Practice, request.user), _proposed(Tool, request.user)
    resources, needs = _and_newest(Resource, mine, acting), _and_newest(Need, mine, acting)
    posted = [*resources, *needs, *_to_look_at(Project, mine), *_to_look_at(Community, mine)]
    loans = _loans(mine)
    waiting = [
        *_to_sign(request, mine),
        *(_loan(loan, [m.organisation_id for m in mine]) for loan in _of_themselves(loans)[:SHOWN]),
        *_agreements(mine),
        *_invitations(request),
        *_requests(asked, mine),
        *_to_curate(request.user),
        *_returned(mine, [*posted, *stories, *tools]),
        *together.awaiting(request.user, mine, coming),
        *_stale(mine, posted),
    ]
    context: dict[str, Any] = {
        "acting": acting, "memberships": mine, "todos": waiting, "stories": stories[:SHOWN], "tools": tools[:SHOWN],
        "asked": [one for one in asked if one.user_id == request.user.pk],
        "gatherings": coming, **together.belonging(request.user, acting),
    }  # fmt: skip
    if len(loans) < READ:  # all of them: the menu need not count them again
        context["loans_waiting"] = len(loans)
    if acting:
        context |= _entries(acting, resources, needs)
    return render(request, "pages/my_space.html", context)


def _address(*names: str, args: list[Any]) -> str:
    """The first of these addresses that the portal has."""
    for name in names:
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    return ""


def edit_address(entry: Any) -> str:
    """Where an entry is corrected."""
    noun = entry._meta.model_name
    return _address(f"{noun}_edit", f"{noun}_detail", args=[entry.slug])


def _kind(entry: Any) -> dict[str, Any]:
    kind = getattr(entry, "kind", "") if kept_as(entry).posted else ""
    if kind:
        return {"kind": kind, "icon": kind, "kind_label": entry.get_kind_display()}
    return {"icon": "file", "kind_label": str(entry._meta.verbose_name).capitalize()}


def _invitations(request: HttpRequest) -> list[Todo]:
    return [
        Todo(
            title=_("%(name)s vous invite") % {"name": i.organisation.name},
            address=reverse("invitation_accept", args=[i.pk]),
            about=_("à devenir %(role)s") % {"role": i.get_role_display()},
            state=_("À accepter"),
            tone="act",
            action=_("Accepter"),
            icon="mail",
            kind_label=_("Invitation"),
            post=True,
        )
        for i in invitations_for(request.user)
    ]


def _loans(mine: list[Membership]) -> list[Any]:
    """Those that await something, the most urgent first: to confirm, to answer, late, due back today, to hand over."""
    if not mine:
        return []
    waiting = Proposal.objects.filter(status=Proposal.Status.WAITING)
    rows = Loan.objects.awaiting(*mine).with_wait(*mine).with_target(*mine).for_list()
    rows = rows.prefetch_related(Prefetch("proposals", waiting, to_attr="waiting"))
    return sorted(rows.order_by("starts_at", "id")[:READ], key=_urgency)


def _of_themselves(loans: list[Any]) -> list[Any]:
    """Those that await something else than their agreement, which is told apart."""
    return [loan for loan in loans if loan.wait not in AGREEMENT]


def _agreements(mine: list[Membership]) -> list[Todo]:
    """Agreements to complete, to accept, to take up again; those to sign await who may (``_to_sign``)."""
    ids = [m.organisation_id for m in mine]
    found = [one for one in (awaiting(*ids) if ids else []) if one[0].status != TO_SIGN or sends_link(one[0])]
    return [
        Todo(
            title=_("Entente : %(what)s") % {"what": agreement.loan.resource.name},
            address=reverse("agreement_link" if agreement.status == TO_SIGN else "agreement", args=[agreement.number]),
            about=f"{stands.expected} ({agreement.number})",
            state=stands.state,
            tone=stands.tone,
            action=stands.action,
            kind=agreement.loan.resource.kind,
            icon=agreement.loan.resource.kind,
            kind_label=agreement.loan.resource.get_kind_display(),
        )
        for agreement, _side, stands in found[:SHOWN]
    ]


def _urgency(loan: Any) -> int:
    return URGENCY[Wait(loan.wait)]


def _loan(loan: Any, ids: list[int]) -> Todo:
    lent = loan.lender_id in ids
    side = Side.LENDER if lent else Side.BORROWER
    stands = awaited.told(loan, standing(loan, side, loan.waiting[0] if loan.waiting else None))
    them = (loan.borrower if lent else loan.lender).name
    ends = loan.wait in (Wait.LATE, Wait.DUE, Wait.SETTLE, Wait.CLOSE)
    return Todo(
        title=awaited.title(loan, them),
        address=stands.address,
        about=(_("prêté à %(who)s, %(when)s") if lent else _("emprunté de %(who)s, %(when)s"))
        % {"who": them, "when": moment_words(loan.ends_at if ends else loan.starts_at)},
        state=stands.state,
        tone=stands.tone,
        action=stands.action,
        kind=loan.resource.kind,
        icon=loan.resource.kind,
        kind_label=loan.resource.get_kind_display(),
    )


def _to_sign(request: HttpRequest, mine: list[Membership]) -> list[Todo]:
    """Agreements that this person can sign, and papers that she can say are right."""
    found: Any = (
        signing.awaiting(request.user, mine)[:SHOWN] if any(m.is_signatory or m.is_manager for m in mine) else []
    )
    return [
        Todo(
            title=(_("Confirmer l’entente %(number)s, sur papier") if a.paper else _("Signer l’entente %(number)s"))
            % {"number": a.number},
            address=reverse("agreement_paper" if a.paper else "agreement_sign", args=[a.number]),
            about=(
                _("Signée à la main, à vérifier : %(what)s, entre %(lender)s et %(borrower)s")
                if a.paper
                else _("Texte accepté, à signer avant %(when)s : %(what)s, entre %(lender)s et %(borrower)s")
            )
            % {
                "what": a.loan.resource.name,
                "lender": a.loan.lender.name,
                "borrower": a.loan.borrower.name,
                "when": moment_words(a.sign_by),
            },
            state=_("À confirmer") if a.paper else _("À signer"),
            tone="act",
            action=_("Vérifier") if a.paper else _("Lire et signer"),
            kind=a.loan.resource.kind,
            icon="sign",
            kind_label=_("Entente"),
        )
        for a in found
    ]


def _join_requests(request: HttpRequest, mine: list[Membership]) -> list[JoinRequest]:
    """Those that nobody answered yet: one’s own, and to join the organisations that one manages."""
    managed = [m.organisation_id for m in mine if m.is_manager]
    waiting = JoinRequest.objects.waiting().filter(Q(organisation__in=managed) | Q(user=request.user))
    rows = waiting.select_related("user", "organisation")
    return list(rows.defer("organisation__search", "organisation__description").order_by("created_at", "id"))


def _requests(asked: list[JoinRequest], mine: list[Membership]) -> list[Todo]:
    managed = {m.organisation_id for m in mine if m.is_manager}
    return [
        Todo(
            title=_("%(who)s demande à se joindre à vous") % {"who": r.user},
            address=reverse("organisation_team", args=[r.organisation.slug]),
            about=r.organisation.name,
            state=_("À répondre"),
            tone="act",
            action=_("Répondre"),
            icon="humain",
            kind_label=_("Équipe"),
        )
        for r in [one for one in asked if one.organisation_id in managed][:SHOWN]
    ]


def _to_curate(user: Any) -> list[Todo]:
    """One line for all that awaits a curator: it is decided on the desk."""
    items = queue(user) if user.is_staff else []
    if not items:
        return []
    return [
        Todo(
            title=ngettext("%(n)s fiche attend une décision", "%(n)s fiches attendent une décision", len(items))
            % {"n": len(items)},
            address=reverse("moderation"),
            about=items[0].title,
            state=_("À relire"),
            tone="act",
            action=_("Ouvrir la modération"),
            icon="check",
            kind_label=_("Curation"),
        )
    ]


def _proposed(model: Any, user: Any) -> list[Any]:
    """What this person proposed, what curators sent back first, then the newest."""
    rows = model.objects.filter(proposed_by=user).exclude(status=Status.ARCHIVED)
    return list(rows.only("slug", "title", "status", "returned_note").order_by(BACK, "-updated_at", "-id")[:READ])


def _to_look_at(model: Any, mine: list[Membership]) -> Any:
    """What one’s organisations post and must look at: sent back by curators, or vouched for by nobody lately."""
    return _of(model, [m.organisation_id for m in mine]).filter(LOOK_AT).order_by(BACK, "freshness_at", "id")[:READ]


def _and_newest(model: Any, mine: list[Membership], acting: Membership | None) -> list[Any]:
    """The same, and the newest of the organisation one acts for: ``rank`` among the ``in_all`` that it has."""
    each: Any = {"partition_by": "organisation_id"}
    rows = _of(model, [m.organisation_id for m in mine]).exclude(status=Status.ARCHIVED)
    rows = rows.annotate(
        rank=Window(RowNumber(), order_by=["-updated_at", "-id"], **each), in_all=Window(Count("pk"), **each)
    )
    newest = Q(organisation=acting.organisation_id, rank__lte=SHOWN) if acting else Q(pk=None)
    first = Case(When(newest, then=0), default=1)
    found = rows.filter(LOOK_AT | newest).order_by(first, BACK, "freshness_at", "id")[: READ + SHOWN]
    return sorted(found, key=lambda e: (e.freshness_at is None, e.freshness_at or e.updated_at, e.pk))


def _returned(mine: list[Membership], entries: list[Any]) -> list[Todo]:
    """What curators sent back, with their note."""
    managed = [m.organisation for m in mine if m.is_manager]
    back = [entry for entry in (*managed, *entries) if entry.status == Status.RETURNED]
    return [
        Todo(
            title=str(e),
            address=edit_address(e),
            about=_("Note de la CDC : %(note)s") % {"note": e.returned_note} if e.returned_note else kept_as(e).noun,
            state=_("À corriger"),
            tone="warn",
            action=_("Corriger"),
            **_kind(e),
        )
        for e in back
    ]


def _stale(mine: list[Membership], entries: list[Any]) -> list[Todo]:
    """What nobody vouched for lately, oldest first."""
    managed = [m.organisation for m in mine if m.is_manager]
    rows = [e for e in (*entries, *managed) if e.status == Status.PUBLISHED and e.freshness in OLD]
    found: list[Todo] = []
    for member in mine:
        theirs = [e for e in rows if getattr(e, "organisation_id", e.pk) == member.organisation_id]
        found += [_many_stale(theirs, member)] if len(theirs) > 3 else [_one_stale(e) for e in theirs]
    return found


def _one_stale(entry: Any) -> Todo:
    hidden = entry.freshness == Freshness.HIDDEN
    return Todo(
        title=str(entry),
        address=confirm_path(entry),
        about=_("Retirée des listes : personne ne l’a confirmée") if hidden else _("Est-ce toujours exact?"),
        state=_("Hors des listes") if hidden else _("À confirmer"),
        tone="danger" if hidden else "warn",
        action=_("Vérifier"),
        **_kind(entry),
    )


def _many_stale(entries: list[Any], member: Membership) -> Todo:
    """One line for all that an organisation has to confirm: they are confirmed on one page."""
    return Todo(
        title=_("%(n)s fiches à confirmer") % {"n": len(entries)},
        address=confirm_path(*entries),
        about=member.organisation.name,
        state=_("À confirmer"),
        tone="warn",
        action=_("Vérifier"),
        icon="check",
        kind_label=_("Fiches"),
    )


def _of(model: Any, organisations: list[int]) -> Any:
    rows = model.objects.filter(organisation__in=organisations).select_related("organisation")
    return rows.defer("search", "description") if model is Resource else rows.defer("search")


def _entries(acting: Membership, resources: list[Any], needs: list[Any]) -> dict[str, Any]:
    """What the organisation shares and looks for, drafts included."""
    organisation = acting.organisation
    ours, asked = (
        sorted((e for e in rows if e.organisation_id == organisation.pk and e.rank <= SHOWN), key=lambda e: e.rank)
        for rows in (resources, needs)
    )
    count = ours[0].in_all if ours else 0
    people = Membership.objects.filter(organisation=organisation, user__is_active=True).count()
    return {
        "resources": ours,
        "resource_count": count,
        "more": _("Voir les %(n)s ressources") % {"n": count} if count > SHOWN else "",
        "needs": asked,
        "people": ngettext("%(n)d personne", "%(n)d personnes", people) % {"n": people},
    }
