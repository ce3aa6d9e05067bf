"""Who belongs to which organisation: act for it, ask to join it, answer, change a role, leave it."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from directory import notifications
from directory.models import JoinRequest, Membership, Organisation, Role
from directory.permissions import can_answer, can_curate, can_manage, membership_of, require
from mutualisation.kernel.publication import Status

SESSION_KEY = "acting_for"
ASKS_A_DAY = 10


class NotPossible(Exception):  # noqa: N818 - it is an answer, not a fault
    """The move makes no sense as things stand; nothing was changed. Its text is a sentence for the person."""


def memberships_of(request: HttpRequest) -> list[Membership]:
    """The organisations of the person signed in, by name; read once a request."""
    if not request.user.is_authenticated:
        return []
    if not hasattr(request, "_memberships"):
        found = Membership.objects.filter(user=request.user).select_related("organisation")
        found = found.defer("organisation__search", "organisation__description")
        request._memberships = list(found.order_by("organisation__sort_key", "id"))  # type: ignore[attr-defined]
    return request._memberships  # type: ignore[attr-defined]


def acting_for(request: HttpRequest) -> Membership | None:
    """The organisation in whose name this person acts: the one chosen, else the only or first one."""
    mine = memberships_of(request)
    chosen = request.session.get(SESSION_KEY) if mine else None
    return next((m for m in mine if m.organisation_id == chosen), mine[0] if mine else None)


def act_for(request: HttpRequest, membership: Membership) -> None:
    """Act for that organisation from now on."""
    require(membership.user_id == request.user.pk)
    request.session[SESSION_KEY] = membership.organisation_id


def lock(organisation: Organisation) -> Organisation:
    """The row itself, held until the end of the transaction: moves on one team happen one after the other."""
    return Organisation.objects.select_for_update(no_key=True).defer("search").get(pk=organisation.pk)


def is_managed(organisation: Organisation) -> bool:
    return Membership.objects.filter(organisation=organisation, role=Role.MANAGER, user__is_active=True).exists()


@transaction.atomic
def ask_to_join(*, organisation: Organisation, by: User, message: str = "") -> JoinRequest:
    """Ask to act for an organisation; the same request sent twice is one. On one that nobody manages, a claim."""
    organisation = lock(organisation)
    if membership_of(by, organisation):
        raise NotPossible(_("Vous êtes déjà membre de cet organisme : rien n’a été demandé."))
    if organisation.status == Status.ARCHIVED:
        raise NotPossible(_("Cet organisme est archivé : on ne peut plus s’y joindre. Écrivez à l’équipe du portail."))
    waiting = JoinRequest.objects.waiting().filter(user=by, organisation=organisation).first()
    if waiting:
        return waiting
    since = timezone.now() - datetime.timedelta(days=1)
    if JoinRequest.objects.filter(user=by, created_at__gte=since).count() >= ASKS_A_DAY:
        raise NotPossible(
            _("Vous avez fait %(n)s demandes aujourd’hui : celle-ci n’est pas partie. Attendez une réponse, ou demain.")
            % {"n": ASKS_A_DAY}
        )
    request = JoinRequest.objects.create(user=by, organisation=organisation, message=message)
    notifications.join_requested(request, managed=is_managed(organisation))
    return request


@transaction.atomic
def answer_request(
    *, request: JoinRequest, accepted: bool, by: Any, role: str = Role.MEMBER, note: str = ""
) -> Membership | None:
    """Accept or refuse, once. Managers; the curator too when they let 5 days pass, or when nobody manages.

    Who claims an organisation without managers becomes its manager.
    """
    organisation = lock(request.organisation)
    answered = _("Cette demande a déjà reçu une réponse, ou a été retirée : rien n’a changé.")
    if not JoinRequest.objects.waiting().filter(pk=request.pk).exists():
        require(can_manage(by, organisation) or can_curate(by, organisation))
        raise NotPossible(answered)
    require(can_answer(by, request))
    answer = JoinRequest.Status.ACCEPTED if accepted else JoinRequest.Status.REFUSED
    rows = (
        JoinRequest.objects.waiting()
        .filter(pk=request.pk)
        .update(status=answer, answered_at=timezone.now(), answered_by=by)
    )
    if not rows:
        raise NotPossible(answered)
    request.refresh_from_db()
    if not accepted:
        notifications.join_answered(request, accepted=False, role="", note=note)
        return None
    if not is_managed(organisation):
        role = Role.MANAGER
    membership, fresh = Membership.objects.get_or_create(
        user=request.user, organisation=organisation, defaults={"role": role}
    )
    if not fresh and role == Role.MANAGER and not membership.is_manager:
        membership.role = role
        membership.save(update_fields=["role"])
    notifications.join_answered(request, accepted=True, role=membership.get_role_display(), note=note)
    return membership


@transaction.atomic
def withdraw_request(*, request: JoinRequest, by: Any) -> None:
    """Take one's own request back."""
    require(request.user_id == by.pk)
    rows = JoinRequest.objects.waiting().filter(pk=request.pk).update(status=JoinRequest.Status.WITHDRAWN)
    if not rows:
        raise NotPossible(_("Cette demande n’est plus en attente : rien n’a changé."))


def _locked(membership: Membership) -> Membership:
    """The membership as it stands once its organisation is held."""
    lock(membership.organisation)
    found = Membership.objects.select_related("user", "organisation").filter(pk=membership.pk).first()
    if found is None:
        raise NotPossible(_("Cette personne ne fait plus partie de l’organisme : rien n’a changé."))
    return found


def _is_last_manager(membership: Membership) -> bool:
    others = Membership.objects.filter(
        organisation=membership.organisation_id, role=Role.MANAGER, user__is_active=True
    ).exclude(pk=membership.pk)
    return membership.is_manager and not others.exists()


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Any) -> Membership:
    """Make someone manager or member; an organisation keeps at least one manager."""
    require(can_manage(by, membership.organisation))
    membership = _locked(membership)
    require(can_manage(by, membership.organisation))
    if role not in Role.values:
        raise NotPossible(_("Ce rôle n’existe pas : rien n’a changé."))
    if role != Role.MANAGER and _is_last_manager(membership):
        raise NotPossible(
            _(
                "Il faut au moins une personne gestionnaire : donnez d’abord ce rôle à quelqu’un d’autre. "
                "Rien n’a changé."
            )
        )
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def set_signatory(
    *, membership: Membership, signatory: bool, by: Any, resolution_on: datetime.date | None = None
) -> Membership:
    """Give or withdraw the mandate to sign, which the board gave on a date."""
    require(can_manage(by, membership.organisation))
    membership = _locked(membership)
    require(can_manage(by, membership.organisation))
    if signatory and resolution_on is None:
        raise NotPossible(_("Donnez la date de la résolution du conseil : un mandat de signature la porte."))
    if signatory and resolution_on and resolution_on > timezone.localdate():
        raise NotPossible(_("La résolution du conseil ne peut pas être dans l’avenir : rien n’a changé."))
    membership.is_signatory = signatory
    membership.resolution_on = resolution_on if signatory else None
    membership.save(update_fields=["is_signatory", "resolution_on"])
    return membership


@transaction.atomic
def remove(*, membership: Membership, by: Any) -> None:
    """Take someone else off the team. One leaves by oneself through ``leave``."""
    require(can_manage(by, membership.organisation) and membership.user_id != by.pk)
    membership = _locked(membership)
    require(can_manage(by, membership.organisation))
    last = _is_last_manager(membership)
    organisation, person = membership.organisation, membership.user
    membership.delete()
    notifications.removed(organisation, person=person, by=by, when=timezone.now().isoformat())
    if last:
        notifications.orphaned(organisation, by=by)


@transaction.atomic
def leave(*, membership: Membership, by: Any, successor: Membership | None = None, orphan: bool = False) -> None:
    """Leave an organisation. The last manager hands over to a member, or says that nobody takes over (``orphan``):
    the organisation is then flagged and its curators are told."""
    require(membership.user_id == by.pk)
    membership = _locked(membership)
    organisation = membership.organisation
    last = _is_last_manager(membership)
    if last and successor:
        heir = Membership.objects.filter(
            pk=successor.pk, organisation=organisation, user__is_active=True
        ).exclude(pk=membership.pk).first()  # fmt: skip
        if heir is None:
            raise NotPossible(_("Cette personne ne fait pas partie de l’organisme : vous y êtes encore gestionnaire."))
        heir.role = Role.MANAGER
        heir.save(update_fields=["role"])
    elif last and not orphan:
        raise NotPossible(
            _("Vous êtes la dernière personne gestionnaire : passez le relais, ou confirmez que personne ne le prend.")
        )
    membership.delete()
    if last and not successor:
        notifications.orphaned(organisation, by=by)


@transaction.atomic
def leave_everything(*, by: Any) -> None:
    """Someone closes her account: she leaves every organisation; those left without a manager are told to curators."""
    for membership in Membership.objects.filter(user=by).select_related("organisation").order_by("organisation_id"):
        leave(membership=membership, by=by, orphan=True)
    JoinRequest.objects.waiting().filter(user=by).update(status=JoinRequest.Status.WITHDRAWN)
