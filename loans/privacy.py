"""What loans hold of a person, what becomes of it when she closes her account, and what is kept no longer."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.models import User
from directory.models import Organisation
from loans import personal
from loans.models import (
    AgreementRule,
    AgreementVersion,
    CalendarFeed,
    ConditionReport,
    Incident,
    JournalEntry,
    Loan,
    LoanEvent,
    LoanMessage,
    LoanPhoto,
    LoanStatus,
    PaperScan,
    Proposal,
    Signature,
    SigningLink,
)
from loans.permissions import members_of

Rows = Iterable[dict[str, Any]]

NAMES_KEPT = datetime.timedelta(days=2 * 365)
# Where a person may be named: taken off when she leaves, the fact stays.
NAMED: dict[type[Any], tuple[str, ...]] = {
    Loan: ("requested_by", "consent_by"),
    LoanEvent: ("by",),
    LoanMessage: ("by",),
    Proposal: ("made_by", "answered_by"),
    ConditionReport: ("filled_by", "lender_by", "borrower_by"),
    Incident: ("opened_by", "closed_by"),
    LoanPhoto: ("added_by",),
    AgreementRule: ("updated_by",),
    AgreementVersion: ("by",),
    Signature: ("by",),
    PaperScan: ("sent_by", "answered_by"),
    JournalEntry: ("by",),
    SigningLink: ("sent_by",),
}


def _hers(model: Any, user: User) -> Any:
    """Rows of a model where she is named."""
    named = [Q(**{name: user}) for name in NAMED[model]]
    return model.objects.filter(Q(*named, _connector=Q.OR))


def _loans(user: User) -> Rows:
    for loan in _hers(Loan, user).for_list():
        yield {
            "pret": loan.pk, "ressource": loan.resource.name, "preteur": loan.lender.name,
            "emprunteur": loan.borrower.name, "pour": loan.purpose, "etat": loan.status, "du": loan.starts_at,
            "au": loan.ends_at, "demande_par_vous": loan.requested_by_id == user.pk,
            "accord_de_la_personne_inscrit_par_vous": loan.consent_by_id == user.pk,
            "demande_le": loan.requested_at,
        }  # fmt: skip


def _proposals(user: User) -> Rows:
    for p in _hers(Proposal, user):
        yield {
            "pret": p.loan_id, "sorte": p.kind, "periodes": [[x.lower, x.upper] for x in p.periods],
            "quantite": p.quantity, "conditions": p.conditions, "message": p.message, "etat": p.status,
            "propose_par_vous": p.made_by_id == user.pk, "propose_le": p.made_at, "repondu_le": p.answered_at,
        }  # fmt: skip


def _events(user: User) -> Rows:
    for e in _hers(LoanEvent, user):
        yield {"pret": e.loan_id, "geste": e.verb, "note": e.note, "date": e.at}


def _messages(user: User) -> Rows:
    for m in _hers(LoanMessage, user).select_related("organisation"):
        yield {"pret": m.loan_id, "organisme": m.organisation.name, "texte": m.text, "date": m.at}


def _reports(user: User) -> Rows:
    for r in _hers(ConditionReport, user):
        yield {
            "pret": r.loan_id, "moment": r.moment, "compte": r.counted, "etat": r.state, "remarques": r.note,
            "fait_le": r.happened_at, "rempli_par_vous": r.filled_by_id == user.pk, "rempli_le": r.filled_at,
        }  # fmt: skip


def _incidents(user: User) -> Rows:
    for i in _hers(Incident, user):
        yield {
            "pret": i.loan_id, "description": i.description, "issue": i.outcome, "ouvert_le": i.opened_at,
            "regle_le": i.closed_at,
        }  # fmt: skip


def _photos(user: User) -> Rows:
    for p in _hers(LoanPhoto, user):
        yield {"pret": p.loan_id, "ce_qu_elle_montre": p.alt, "ajoutee_le": p.added_at}


def _agreements(user: User) -> Rows:
    """What she wrote, signed, sent or was sent; a signed text keeps her name, as paper does."""

    def row(agreement: Any, what: str, text: str, at: Any) -> dict[str, Any]:
        return {"entente": agreement.number, "geste": what, "texte": text, "date": at}

    for v in _hers(AgreementVersion, user).select_related("agreement"):
        yield row(v.agreement, "version", v.note, v.at)
    for s in _hers(Signature, user).select_related("agreement"):
        yield row(s.agreement, "signature", f"{s.name}, {s.function}", s.at)
    for scan in _hers(PaperScan, user).select_related("agreement"):
        yield row(scan.agreement, "numerisation", "", scan.sent_at)
    for entry in _hers(JournalEntry, user).select_related("agreement"):
        yield row(entry.agreement, entry.kind, entry.who, entry.at)
    links = SigningLink.objects.filter(Q(sent_by=user) | Q(email__iexact=user.email))
    for link in links.select_related("agreement"):
        yield row(link.agreement, "lien_de_signature", link.name, link.sent_at)


def _rules(user: User) -> Rows:
    for r in _hers(AgreementRule, user):
        yield {"sorte": r.kind, "ressource": r.resource_id, "exigee": r.demand, "le": r.updated_at}


def _feeds(user: User) -> Rows:
    """That they exist, never their addresses."""
    for f in CalendarFeed.objects.filter(user=user).select_related("organisation"):
        yield {
            "organisme": f.organisation.name if f.organisation else "", "creee_le": f.created_at,
            "lue_le": f.read_at, "revoquee_le": f.revoked_at,
        }  # fmt: skip


def _warn(user: User) -> list[privacy.Consequence]:
    """Loans that nobody else of her organisation could follow."""
    found = []
    for organisation in Organisation.objects.filter(memberships__user=user).defer("search", "description"):
        if members_of(organisation).exclude(pk=user.pk).exists():
            continue
        running = [LoanStatus.REQUESTED, LoanStatus.COUNTERED, LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER]
        if Loan.objects.of(organisation).filter(status__in=running).exists():
            sentence = _(
                "« %s » a des prêts en cours, et personne d’autre pour s’en occuper : rendez, faites revenir ou "
                "annulez d’abord ce qui l’est."
            )
            found.append(privacy.Consequence(sentence % organisation.name, reverse("loan_list")))
    return found


def _let_go(user: User) -> None:
    """Her calendars end; what happened stays, for the two organisations, without saying that it was her."""
    CalendarFeed.objects.filter(user=user).delete()
    for model, names in NAMED.items():
        for name in names:
            model.objects.filter(**{name: user}).update(**{name: None})


@transaction.atomic
def purge(now: datetime.datetime | None = None) -> int:
    """Take the names of people lent, and of who supervised them, off loans that ended two years ago; and where their
    personal links were sent, 90 days after they served."""
    now = now or timezone.now()
    personal.purge(now)
    ended = Loan.objects.exclude(status__in=[LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER])
    named = ended.filter(ends_at__lt=now - NAMES_KEPT).exclude(worker="", supervisor="")
    return named.update(worker="", supervisor="")


def declare() -> None:
    """Called once, when Django starts."""
    privacy.holds("prets", gettext_lazy("Les prêts que vous avez demandés"), _loans)
    privacy.holds("propositions", gettext_lazy("Vos propositions et vos réponses"), _proposals)
    privacy.holds("gestes", gettext_lazy("Vos gestes dans les prêts"), _events)
    privacy.holds("messages", gettext_lazy("Vos messages aux autres organismes"), _messages)
    privacy.holds("etats_des_lieux", gettext_lazy("Les états des lieux que vous avez remplis"), _reports)
    privacy.holds("incidents", gettext_lazy("Les incidents que vous avez inscrits ou réglés"), _incidents)
    privacy.holds("photos_de_prets", gettext_lazy("Les photos de prêts que vous avez ajoutées"), _photos)
    privacy.holds("ententes", gettext_lazy("Vos gestes dans les ententes, et vos signatures"), _agreements)
    privacy.holds("regles_d_entente", gettext_lazy("Les règles d’entente que vous avez changées"), _rules)
    privacy.holds("agendas", gettext_lazy("Vos agendas privés, sans leurs adresses"), _feeds)
    privacy.before_closing("loans", warn=_warn, let_go=_let_go)
