"""The thread of a loan: what happened and what was said, in one order, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.models import Organisation
from loans import hours
from loans.models import Incident, Loan, LoanEvent, Proposal, Side
from loans.standing import moment_words
from mutualisation.kernel.moments import clock, day_in_words, in_words, wall
from mutualisation.kernel.money import cost

WORDS = {
    "ask": gettext_lazy("a demandé"),
    "accept": gettext_lazy("a accepté la demande"),
    "accept_by_itself": gettext_lazy("Accepté sans attendre, comme le prêteur l’a choisi"),
    "decline": gettext_lazy("a refusé la demande"),
    "counter": gettext_lazy("a fait une contre-proposition"),
    "take_back": gettext_lazy("a retiré sa proposition"),
    "agree": gettext_lazy("a accepté la proposition"),
    "refuse": gettext_lazy("a refusé la proposition"),
    "refuse_change": gettext_lazy("a refusé le changement : le prêt reste comme convenu"),
    "answer_back": gettext_lazy("a répondu par une autre proposition"),
    "withdraw": gettext_lazy("a retiré la demande"),
    "take_effect": gettext_lazy("L’avenant est signé par toutes les parties : le changement prend effet"),
    "let_go": gettext_lazy("L’avenant ne sera pas signé : le prêt reste comme l’entente le dit"),
    "expire": gettext_lazy("Sans réponse à temps : la demande a expiré"),
    "cancel": gettext_lazy("a annulé le prêt"),
    "cancel_date": gettext_lazy("a annulé une date"),
    "let_through": gettext_lazy("examine la demande malgré un retard"),
    "record_person": gettext_lazy("a nommé la personne prêtée"),
    "note_hours": gettext_lazy("a noté les heures faites"),
    "hand_over": gettext_lazy("a inscrit la remise"),
    "hand_over_rest": gettext_lazy("a inscrit la remise du reste"),
    "keep_rest": gettext_lazy("a dit que le reste ne partira pas"),
    "bring_back": gettext_lazy("a inscrit le retour"),
    "reopen": gettext_lazy("a rouvert le prêt : tout n’est pas revenu"),
    "close": gettext_lazy("a terminé le prêt"),
    "bring_back_part": gettext_lazy("a inscrit un retour : tout n’est pas encore revenu"),
    "confirm_sheet": gettext_lazy("a confirmé la fiche"),
    "contest_sheet": gettext_lazy("a contesté la fiche"),
    "correct_sheet": gettext_lazy("a corrigé la fiche"),
    "open_incident": gettext_lazy("a signalé un incident"),
    "propose_payer": gettext_lazy("a proposé qui paie"),
    "agree_payer": gettext_lazy("a accepté qui paie"),
    "reschedule_incident": gettext_lazy("Nouvelle date de retour de ce qui est en réparation"),
    "close_incident": gettext_lazy("a réglé l’incident"),
    "warn": gettext_lazy("En réparation : l’emprunteur est prévenu, le prêt tient"),
    "repaired": gettext_lazy("Réparé : l’emprunteur est prévenu"),
}
OF_TIME = {  # of a person, of what she knows: nothing is handed over nor comes back
    "hand_over": gettext_lazy("a inscrit le début"),
    "bring_back": gettext_lazy("a inscrit la fin"),
    "reopen": gettext_lazy("a rouvert le prêt : ce n’est pas fini"),
}
PROPOSED = {
    Proposal.Kind.COUNTER: gettext_lazy("propose"),
    Proposal.Kind.CHANGE: gettext_lazy("propose un changement"),
    Proposal.Kind.EXTENSION: gettext_lazy("demande à prolonger"),
}
SAID_BY_ANOTHER = {"counter", "answer_back"}  # the proposal that follows says it


@dataclass(frozen=True)
class Entry:
    """One line: who (an organisation, a person), what happened or what was said, when."""

    at: datetime
    organisation: Organisation | None
    person: str
    what: str
    text: str = ""
    terms: list[str] = field(default_factory=list)
    is_message: bool = False

    @property
    def when(self) -> str:
        shown = wall(self.at)
        return f"{day_in_words(shown, 'j F Y')}, {clock(shown.time())}"


def thread(loan: Loan) -> list[Entry]:
    """Events and messages, oldest first, in four queries."""
    sides = {Side.LENDER.value: loan.lender, Side.BORROWER.value: loan.borrower}
    events = list(loan.events.select_related("by"))
    proposals = {p.pk: p for p in loan.proposals.select_related("resource")}
    found = [_event(loan, event, sides, proposals) for event in events if event.verb not in SAID_BY_ANOTHER]
    found += [
        Entry(m.at, m.organisation, m.by.name if m.by else "", _("a écrit"), m.text, is_message=True)
        for m in loan.messages.select_related("by", "organisation")
    ]
    return sorted(found, key=lambda entry: entry.at)


def _event(loan: Loan, event: LoanEvent, sides: dict[str, Organisation], proposals: dict[int, Proposal]) -> Entry:
    proposal = proposals.get(event.data.get("proposal") or 0)
    words = WORDS if loan.has_state else WORDS | OF_TIME
    what, terms = str(words.get(event.verb, event.verb)), []
    if event.verb == "propose" and proposal:
        what, terms = str(PROPOSED[Proposal.Kind(proposal.kind)]), terms_of(proposal, loan)
    if event.verb == "take_effect" and proposal:
        terms = terms_of(proposal, loan)
    if event.verb == "cancel_date" and (when := parse_datetime(event.data.get("date", ""))):
        what = _("a annulé la date : %(when)s") % {"when": moment_words(when)}
    if event.verb == hours.NOTED and (when := parse_datetime(event.data["day"])):
        said = {"hours": hours.in_words(event.data["minutes"]), "day": day_in_words(wall(when))}
        what = _("a noté %(hours)s de travail, le %(day)s") % said
    if loan.quantity > 1 and event.data.get("counted"):
        terms = [_("Compté : %(n)d sur %(all)d") % {"n": event.data["counted"], "all": loan.quantity}]
    if event.verb in ("propose_payer", "agree_payer") and event.data.get("payer") in Incident.Payer.values:
        terms = [str(Incident.Payer(event.data["payer"]).label).capitalize()]
    person = event.by.name if event.by else ""
    return Entry(event.at, sides.get(event.side) if event.by else None, person, what, event.note, terms)


def terms_of(proposal: Proposal, loan: Loan) -> list[str]:
    """What is proposed, line by line."""
    lines = [in_words(p).capitalize() for p in proposal.periods[:6]]
    if len(proposal.periods) > 6:
        lines.append(_("… et %(n)d autres dates") % {"n": len(proposal.periods) - 6})
    if proposal.resource.quantity > 1 or loan.quantity > 1:
        lines.append(_("Quantité : %(n)d") % {"n": proposal.quantity})
    if proposal.resource_id != loan.resource_id:
        lines.append(_("Ressource : %(name)s") % {"name": proposal.resource.name})
    if proposal.price is not None:
        lines.append(_("Contrepartie : %(cost)s") % {"cost": cost(proposal)})
    if proposal.conditions:
        lines.append(_("Conditions : %(text)s") % {"text": proposal.conditions})
    return lines
