"""Mon espace: what awaits me first, then my organisation, then the rest."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from directory.freshness import confirm_path
from directory.invitations import invitations_for
from directory.memberships import acting_for, memberships_of
from directory.models import JoinRequest, Membership, Need, Organisation, Practice, Resource
from directory.models.curated import kept_as
from directory.queue import queue
from loans import signing
from loans.gate import awaiting, sends_link
from loans.models import Loan, Moment, Proposal, Side, Wait
from loans.standing import moment_words, standing
from mutualisation.kernel.publication import Freshness, Status
from mutualisation.pages import together
from mutualisation.pages.todo import Todo
from projects.models import Community, Project
from projects.views.gathering import coming_for
from toolbox.models import Tool

SHOWN = 12
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
            Wait.CLOSE,
        )
    )
}
NAMED = (Wait.CONFIRM, Wait.CORRECT, Wait.AGREE, Wait.HAND_OVER, Wait.CLOSE)  # whose state says what to do


@never_cache
def my_space(request: HttpRequest) -> HttpResponse:
    """The page one lands on after signing in."""
    mine = memberships_of(request)
    acting = acting_for(request)
    coming = coming_for(request.user)
    waiting = [
        *_to_sign(request, mine),
        *_loans(mine),
        *_agreements(mine),
        *_invitations(request),
        *_requests(mine),
        *_to_curate(request.user),
        *_returned(request, mine),
        *together.awaiting(request.user, mine, coming),
        *_stale(mine),
    ]
    context: dict[str, Any] = {"acting": acting, "memberships": mine, "todos": waiting, "asked": _asked(request)}
    told = Practice.objects.filter(proposed_by=request.user).exclude(status=Status.ARCHIVED)  # type: ignore[misc]
    context["stories"] = list(told.for_list().only("slug", "title", "status").order_by("-updated_at", "-id")[:SHOWN])
    context |= {"gatherings": coming, **together.belonging(request.user, acting)}
    tools = Tool.objects.filter(proposed_by=request.user).exclude(status=Status.ARCHIVED)  # type: ignore[misc]
    context["tools"] = list(tools.only("slug", "title", "status").order_by("-updated_at", "-id")[:SHOWN])
    if acting:
        context |= _entries(acting)
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


def _loans(mine: list[Membership]) -> list[Todo]:
    """What loans await: to confirm, to answer, late, due back today, to hand over."""
    ids = [m.organisation_id for m in mine]
    if not ids:
        return []
    waiting = Proposal.objects.filter(status=Proposal.Status.WAITING)
    rows = Loan.objects.awaiting(*ids).with_target(*ids).for_list()
    rows = rows.prefetch_related(Prefetch("proposals", waiting, to_attr="waiting"))
    found: list[Any] = sorted(rows.order_by("starts_at", "id")[: SHOWN * 2], key=_urgency)
    return [_loan(loan, ids) for loan in found[:SHOWN]]


def _agreements(mine: list[Membership]) -> list[Todo]:
    """Agreements to complete or to accept; those to sign await the people who may (``_to_sign``)."""
    ids = [m.organisation_id for m in mine]
    found = [one for one in (awaiting(*ids) if ids else []) if not one[0].is_frozen or sends_link(one[0])]
    return [
        Todo(
            title=_("Entente : %(what)s") % {"what": agreement.loan.resource.name},
            address=reverse("agreement_link" if agreement.is_frozen else "agreement", args=[agreement.number]),
            about=f"{stands.expected} ({agreement.number})",
            state=stands.state,
            tone=stands.tone,
            action=_("Ouvrir l’entente"),
            kind=agreement.loan.resource.kind,
            icon=agreement.loan.resource.kind,
            kind_label=agreement.loan.resource.get_kind_display(),
        )
        for agreement, _side, stands in found[:SHOWN]
    ]


def _urgency(loan: Any) -> int:
    return URGENCY[Wait(loan.wait)]


def _target(loan: Any, wait: Wait) -> str:
    """Where it is done: on the sheet, on the incident, else on the page of the loan."""
    if wait in (Wait.CONFIRM, Wait.CORRECT):
        return reverse("loan_handover" if loan.sheet == Moment.HANDOVER else "loan_return", args=[loan.pk])
    if wait == Wait.AGREE:
        return reverse("incident_detail", args=[loan.pk, loan.incident])
    return loan.get_absolute_url()


def _loan(loan: Any, ids: list[int]) -> Todo:
    lent = loan.lender_id in ids
    stands = standing(loan, Side.LENDER if lent else Side.BORROWER, loan.waiting[0] if loan.waiting else None)
    titles = {
        Wait.CONFIRM: _("État des lieux à confirmer : %(what)s"),
        Wait.CORRECT: _("État des lieux contesté : %(what)s"),
        Wait.AGREE: _("Qui paie? Incident : %(what)s"),
        Wait.ANSWER: _("%(who)s attend votre réponse : %(what)s"),
        Wait.LATE: _("Retour de %(what)s"),
        Wait.DUE: _("Retour de %(what)s"),
        Wait.NAME: _("Nommer la personne : %(what)s"),
        Wait.HAND_OVER: _("Remise de %(what)s"),
        Wait.CLOSE: _("Tout est en ordre? %(what)s"),
    }
    actions = {
        Wait.CONFIRM: _("Relire et confirmer"),
        Wait.CORRECT: _("Corriger"),
        Wait.AGREE: _("Répondre"),
        Wait.ANSWER: _("Répondre"),
        Wait.LATE: _("Inscrire le retour"),
        Wait.DUE: _("Inscrire le retour"),
        Wait.NAME: _("Nommer"),
        Wait.HAND_OVER: _("Inscrire la remise"),
        Wait.CLOSE: _("Terminer"),
    }
    them = (loan.borrower if lent else loan.lender).name
    wait = Wait(loan.wait)
    return Todo(
        title=titles[wait] % {"who": them, "what": loan.resource.name},
        address=_target(loan, wait),
        about=(_("prêté à %(who)s, %(when)s") if lent else _("emprunté de %(who)s, %(when)s"))
        % {
            "who": them,
            "when": moment_words(loan.ends_at if wait in (Wait.LATE, Wait.DUE, Wait.CLOSE) else loan.starts_at),
        },
        state=str(wait.label).capitalize() if wait in NAMED else stands.state,
        tone={Wait.LATE: "danger", Wait.CORRECT: "danger", Wait.DUE: "warn", Wait.HAND_OVER: "warn"}.get(wait, "act"),
        action=actions[wait],
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


def _requests(mine: list[Membership]) -> list[Todo]:
    managed = [m.organisation_id for m in mine if m.is_manager]
    if not managed:
        return []
    asked = JoinRequest.objects.waiting().filter(organisation__in=managed).select_related("user", "organisation")
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
        for r in asked.order_by("created_at", "id")[:SHOWN]
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


def _returned(request: HttpRequest, mine: list[Membership]) -> list[Todo]:
    """What curators sent back, with their note."""
    own = [m.organisation_id for m in mine]
    managed = [m.organisation_id for m in mine if m.is_manager]
    back: list[Any] = [
        *Organisation.objects.filter(pk__in=managed, status=Status.RETURNED).defer("search", "description"),
        *_of(Resource, own).filter(status=Status.RETURNED)[:SHOWN],
        *_of(Need, own).filter(status=Status.RETURNED)[:SHOWN],
        *_of(Project, own).filter(status=Status.RETURNED)[:SHOWN],
        *_of(Community, own).filter(status=Status.RETURNED)[:SHOWN],
        *Practice.objects.filter(proposed_by=request.user, status=Status.RETURNED).defer("search")[:SHOWN],  # type: ignore[misc]
        *Tool.objects.filter(proposed_by=request.user, status=Status.RETURNED).defer("search")[:SHOWN],  # type: ignore[misc]
    ]
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


def _stale(mine: list[Membership]) -> list[Todo]:
    """What nobody vouched for lately, oldest first."""
    own = [m.organisation_id for m in mine]
    old = [Freshness.REMINDED, Freshness.SECOND, Freshness.HIDDEN]
    rows: list[Any] = []
    for model in (Resource, Need, Project, Community):
        rows += (
            _of(model, own).filter(status=Status.PUBLISHED, freshness__in=old).order_by("freshness_at", "id")[:SHOWN]
        )
    managed = [m.organisation_id for m in mine if m.is_manager]
    rows += Organisation.objects.filter(pk__in=managed, status=Status.PUBLISHED, freshness__in=old).defer("search")
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


def _asked(request: HttpRequest) -> list[JoinRequest]:
    """One's own requests that nobody answered yet."""
    found = JoinRequest.objects.waiting().filter(user=request.user)  # type: ignore[misc]
    return list(found.select_related("organisation").order_by("created_at", "id"))


def _entries(acting: Membership) -> dict[str, Any]:
    """What the organisation shares and looks for, drafts included."""
    organisation = acting.organisation
    resources = _of(Resource, [organisation.pk]).exclude(status=Status.ARCHIVED)
    needs = _of(Need, [organisation.pk]).exclude(status=Status.ARCHIVED)
    count = resources.count()
    people = Membership.objects.filter(organisation=organisation, user__is_active=True).count()
    return {
        "resources": list(resources.order_by("-updated_at", "-id")[:SHOWN]),
        "resource_count": count,
        "more": _("Voir les %(n)s ressources") % {"n": count} if count > SHOWN else "",
        "needs": list(needs.order_by("-updated_at", "-id")[:SHOWN]) if _address("need_detail", args=["x"]) else [],
        "people": ngettext("%(n)d personne", "%(n)d personnes", people) % {"n": people},
    }
