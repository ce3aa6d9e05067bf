"""Invitations: a manager invites an address; whoever holds the link, with or without an account, may accept once."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import notifications
from directory.memberships import NotPossible, lock
from directory.models import Invitation, JoinRequest, Membership, Organisation, Role
from directory.models.membership import INVITATION_LASTS
from directory.permissions import can_manage, require
from mutualisation.kernel.publication import Status

INVITATIONS_A_DAY = 20
BEFORE_VALIDATION = 5  # a new organisation writes to few addresses until someone has read who it is
SAME_CLICK = datetime.timedelta(minutes=2)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def addresses_of(user: Any) -> set[str]:
    """The addresses that this person has proved to be hers."""
    if not user.is_authenticated:
        return set()
    return {e.lower() for e in user.emailaddress_set.filter(verified=True).values_list("email", flat=True)}


def is_for(invitation: Invitation, user: Any) -> bool:
    """Was this address invited, or does she hold someone else's link?"""
    return invitation.email.lower() in addresses_of(user)


def invitations_for(user: Any) -> list[Invitation]:
    """What awaits someone who signed up with the invited address, even without the link."""
    if not user.is_authenticated:
        return []
    mine = user.emailaddress_set.filter(verified=True).values(lower=Lower("email"))
    found = Invitation.objects.open().filter(email__in=mine).exclude(organisation__status=Status.ARCHIVED)
    found = found.exclude(organisation__memberships__user=user)
    return list(found.select_related("organisation", "invited_by").order_by("-created_at", "-id"))


def find(token: str) -> Invitation | None:
    """The invitation of a link, whatever its state."""
    found = Invitation.objects.filter(token_hash=_digest(token))
    return found.select_related("organisation", "invited_by").first()


def refusal(invitation: Invitation) -> str:
    """Why it can't be accepted any more, in a sentence; empty when it can."""
    if invitation.accepted_at:
        return _("Cette invitation a déjà été acceptée : le lien ne sert qu’une fois. Demandez-en une autre.")
    if invitation.revoked_at:
        return _("Cette invitation a été retirée par l’organisme. Demandez-lui-en une autre si c’est une erreur.")
    if invitation.expires_at <= timezone.now():
        return _(
            "Cette invitation a expiré : elle valait 14 jours. Demandez à l’organisme de vous en envoyer une autre."
        )
    if invitation.organisation.status == Status.ARCHIVED:
        return _("Cet organisme est archivé : on ne peut plus s’y joindre.")
    return ""


@transaction.atomic
def invite(*, organisation: Organisation, email: str, by: Any, role: str = Role.MEMBER) -> Invitation:
    """Write to an address a link that makes its holder a member. An older invitation of the same address is revoked.

    A button pressed twice sends one.
    """
    require(can_manage(by, organisation))
    organisation = lock(organisation)
    require(can_manage(by, organisation))
    email = email.strip().lower()
    now = timezone.now()
    if Membership.objects.filter(organisation=organisation, user__email__iexact=email).exists():
        raise NotPossible(_("Cette personne fait déjà partie de l’organisme : aucune invitation n’est partie."))
    waiting = Invitation.objects.open().filter(organisation=organisation, email__iexact=email)
    twin = waiting.filter(role=role, created_at__gte=now - SAME_CLICK).first()
    if twin:
        return twin
    most = INVITATIONS_A_DAY if organisation.status == Status.PUBLISHED else BEFORE_VALIDATION
    today = Invitation.objects.filter(organisation=organisation, created_at__gte=now - datetime.timedelta(days=1))
    if today.count() >= most:
        raise NotPossible(
            _("Votre organisme a envoyé %(n)s invitations en un jour : celle-ci n’est pas partie. Réessayez demain.")
            % {"n": most}
        )
    waiting.update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        role=role,
        token_hash=_digest(token),
        invited_by=by,
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    notifications.invited(invitation, token=token, by=by)
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Any) -> None:
    """The link stops working."""
    require(can_manage(by, invitation.organisation))
    rows = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )
    if not rows:
        raise NotPossible(_("Cette invitation a déjà été acceptée ou retirée : rien n’a changé."))


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: Any) -> Membership:
    """Become what the invitation says. The caller has shown the link's token, or it is for her own address."""
    require(by.is_authenticated)
    organisation = lock(invitation.organisation)
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=invitation.pk)
    mine = Membership.objects.filter(user=by, organisation=organisation).first()
    if mine and (mine.is_manager or invitation.role == Role.MEMBER):
        raise NotPossible(_("Vous faites déjà partie de cet organisme : rien n’a changé."))
    sentence = refusal(invitation)
    if sentence:
        raise NotPossible(sentence)
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    JoinRequest.objects.waiting().filter(user=by, organisation=organisation).update(
        status=JoinRequest.Status.ACCEPTED, answered_at=timezone.now(), answered_by=invitation.invited_by
    )
    notifications.invitation_accepted(invitation, by=by)
    if mine is None:
        return Membership.objects.create(user=by, organisation=organisation, role=invitation.role)
    mine.role = invitation.role
    mine.save(update_fields=["role"])
    return mine
