"""What the directory holds of a person, and what becomes of it when she closes her account."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pghistory.models import Context

from accounts import privacy
from accounts.models import User
from directory import memberships
from directory.models import (
    Closure,
    Curatorship,
    Decision,
    Invitation,
    JoinRequest,
    JointInvitation,
    JointRefusal,
    Membership,
    Organisation,
    Report,
    Role,
)
from directory.models.curated import curated

INVITATIONS_KEPT_DAYS = 30  # after they expired, accepted or not
REPORTS_KEPT_DAYS = 365  # after they were dealt with

Rows = Iterable[dict[str, Any]]


def _memberships(user: User) -> Rows:
    for m in Membership.objects.filter(user=user).select_related("organisation"):
        yield {
            "organisme": m.organisation.name, "role": m.role, "signataire": m.is_signatory,
            "resolution_du": m.resolution_on, "depuis": m.created_at,
        }  # fmt: skip


def _join_requests(user: User) -> Rows:
    for r in JoinRequest.objects.filter(user=user).select_related("organisation"):
        yield {
            "organisme": r.organisation.name, "message": r.message, "etat": r.status,
            "demande_le": r.created_at, "repondu_le": r.answered_at,
        }  # fmt: skip


def _invitations(user: User) -> Rows:
    received = Invitation.objects.filter(email__iexact=user.email)
    sent = Invitation.objects.filter(invited_by=user)
    for way, found in (("reçue", received), ("envoyée", sent)):
        for i in found.select_related("organisation"):
            yield {
                "sens": way, "organisme": i.organisation.name, "courriel": i.email, "role": i.role,
                "envoyee_le": i.created_at, "acceptee_le": i.accepted_at, "revoquee_le": i.revoked_at,
            }  # fmt: skip


def _curatorships(user: User) -> Rows:
    for c in Curatorship.objects.filter(user=user).select_related("territory"):
        yield {"territoire": c.territory.name}


def _entries(user: User) -> Rows:
    """Addresses of what she created or proposed: the content itself belongs to the organisation."""
    for one in curated():
        for entry in one.model.objects.filter(**{one.author: user}):
            yield {"type": str(one.model._meta.verbose_name), "titre": str(entry), "adresse": entry.get_absolute_url(),
                   "etat": entry.status, "creee_le": entry.created_at}  # fmt: skip


def _reports(user: User) -> Rows:
    for r in Report.objects.filter(email__iexact=user.email):
        yield {"message": r.message, "courriel": r.email, "signale_le": r.created_at, "traite_le": r.handled_at}


def _decisions(user: User) -> Rows:
    for d in Decision.objects.filter(decided_by=user):
        yield {"geste": d.verb, "note": d.note, "decide_le": d.decided_at, "annule_le": d.undone_at}


def _closures(user: User) -> Rows:
    for c in Closure.objects.filter(created_by=user).select_related("resource"):
        yield {
            "ressource": c.resource.name, "motif": c.reason, "du": c.period.lower, "au": c.period.upper,
            "note": c.note, "inscrite_le": c.created_at,
        }  # fmt: skip


def _joint(user: User) -> Rows:
    for i in JointInvitation.objects.filter(by=user).select_related("need"):
        yield {"besoin_commun": i.group, "besoin": i.need.name, "pour": i.way, "message": i.message, "invite_le": i.at}
    for r in JointRefusal.objects.filter(user=user):
        yield {"refuse_les_invitations_depuis": r.at}


def _changes(user: User) -> Rows:
    """When and where she changed a curated record; what changed is in the record’s own history."""
    for context in Context.objects.filter(metadata__user=user.pk).order_by("created_at"):
        yield {"date": context.created_at, "page": (context.metadata or {}).get("url", "")}


def _last_manager_of(user: User) -> list[Organisation]:
    mine = Membership.objects.filter(user=user, role=Role.MANAGER).select_related("organisation")
    others = Membership.objects.filter(role=Role.MANAGER, user__is_active=True).exclude(user=user)
    managed = set(others.filter(organisation__in=mine.values("organisation")).values_list("organisation_id", flat=True))
    return [m.organisation for m in mine if m.organisation_id not in managed]


def _warn(user: User) -> list[privacy.Consequence]:
    sentence = _(
        "Vous êtes la dernière personne gestionnaire de « %s ». Passez d’abord le relais à quelqu’un; sinon, "
        "l’organisme sera signalé comme sans gestionnaire à la curation de son territoire."
    )
    return [
        privacy.Consequence(sentence % organisation.name, reverse("organisation_team", args=[organisation.slug]))
        for organisation in _last_manager_of(user)
    ]


def _let_go(user: User) -> None:
    memberships.leave_everything(by=user)
    JoinRequest.objects.filter(user=user).delete()
    Invitation.objects.filter(email__iexact=user.email).delete()
    Curatorship.objects.filter(user=user).delete()
    JointRefusal.objects.filter(user=user).delete()
    JointInvitation.objects.filter(by=user).update(by=None)
    Report.objects.filter(email__iexact=user.email).update(email="")


@transaction.atomic
def purge() -> int:
    """Erase what is kept no longer: invitations past their time, errors reported and long dealt with."""
    now = timezone.now()
    invited = Invitation.objects.filter(expires_at__lt=now - datetime.timedelta(days=INVITATIONS_KEPT_DAYS))
    reported = Report.objects.filter(handled_at__lt=now - datetime.timedelta(days=REPORTS_KEPT_DAYS))
    return invited.delete()[0] + reported.delete()[0]


def declare() -> None:
    """Called once, when Django starts."""
    privacy.holds("organismes", gettext_lazy("Les organismes pour qui vous agissez"), _memberships)
    privacy.holds("demandes", gettext_lazy("Vos demandes pour vous joindre à un organisme"), _join_requests)
    privacy.holds("invitations", gettext_lazy("Les invitations reçues et envoyées"), _invitations)
    privacy.holds("territoires", gettext_lazy("Les territoires dont vous assurez la curation"), _curatorships)
    privacy.holds("fiches", gettext_lazy("Les fiches que vous avez créées ou proposées"), _entries)
    privacy.holds("signalements", gettext_lazy("Les erreurs que vous avez signalées"), _reports)
    privacy.holds("decisions", gettext_lazy("Vos décisions de curation"), _decisions)
    privacy.holds("blocages", gettext_lazy("Les périodes que vous avez bloquées"), _closures)
    privacy.holds("besoins_communs", gettext_lazy("Les invitations autour d’un besoin commun"), _joint)
    privacy.holds("changements", gettext_lazy("Vos changements aux fiches"), _changes)
    privacy.before_closing("directory", warn=_warn, let_go=_let_go)
