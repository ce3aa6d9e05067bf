"""What is written about hand-overs, returns and incidents."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loans.models import ConditionReport, Incident, Loan, Moment, Side
from loans.notifications.sending import send, words
from loans.permissions import other


def _sheet(report: ConditionReport) -> str:
    return reverse("loan_handover" if report.moment == Moment.HANDOVER else "loan_return", args=[report.loan_id])


def _left(report: ConditionReport) -> str:
    """What nobody ticked, to end a sentence with; empty when all is."""
    if not report.unchecked:
        return ""
    items = "; ".join(row["item"] for row in report.unchecked)
    words = report.unchecked_words
    return f" {words[:1].upper()}{words[1:]} ({items})."


def to_confirm(report: ConditionReport, *, again: bool = False) -> None:
    """A hand-over is written, or a sheet corrected → the other side: confirm, or say what differs."""
    loan, side = report.loan, report.filled_side
    first = _("%(who)s a inscrit la remise : %(what)s") if loan.has_state else _(
        "%(who)s a inscrit le début : %(what)s"
    )  # fmt: skip
    later = ngettext("Il en partira %(n)d plus tard.", "Il en partira %(n)d plus tard.", loan.to_come)
    left = _left(report)
    rest = f" {later % {'n': loan.to_come}}" if loan.to_come else ""
    send(
        loan, f"to-confirm-{report.pk}-{report.version}", other(side), note=report.note, page=_sheet(report),
        subject=(_("%(who)s a corrigé la fiche : %(what)s") if again else first) % words(loan, side),
        expected=_("Relisez la fiche, puis confirmez-la ou dites ce qui n’est pas exact.") + rest + left,
        action=_("Relire et confirmer"),
    )  # fmt: skip


def rest_kept(loan: Loan, rest: int, *, side: str) -> None:
    """What was to leave later will not → the other side."""
    said = ngettext(
        "%(n)d unité qui devait partir plus tard est libre pour d’autres. Ce qui est parti demeure prêté.",
        "%(n)d unités qui devaient partir plus tard sont libres pour d’autres. Ce qui est parti demeure prêté.",
        rest,
    )
    send(
        loan, "rest-kept", other(side), expected=said % {"n": rest},
        subject=_("%(who)s libère ce qui devait partir plus tard : %(what)s") % words(loan, side),
    )  # fmt: skip


def confirmed(report: ConditionReport, *, side: str) -> None:
    """The other side agrees → who filled the sheet: nothing to do."""
    loan = report.loan
    send(
        loan, f"confirmed-{report.pk}-{report.version}", other(side), page=_sheet(report),
        subject=_("%(who)s confirme la fiche : %(what)s") % words(loan, side),
        expected=_("Rien à faire : les deux organismes l’ont confirmée."), action=_("Voir la fiche"),
    )  # fmt: skip


def contested(report: ConditionReport, *, side: str) -> None:
    """The other side does not agree → who filled the sheet: correct it, or talk."""
    loan = report.loan
    send(
        loan, f"contested-{report.pk}-{report.version}", other(side), note=report.contest, page=_sheet(report),
        subject=_("%(who)s conteste la fiche : %(what)s") % words(loan, side),
        expected=_("La fiche est rouverte : corrigez-la, ou écrivez-vous pour vous entendre."),
        action=_("Ouvrir la fiche"),
    )  # fmt: skip


def partly_returned(report: ConditionReport) -> None:
    """Some came back → the other side: confirm; the rest is still out."""
    loan, side = report.loan, report.filled_side
    expected = ngettext(
        "Confirmez ce qui est revenu. Il en reste %(n)d à rendre.",
        "Confirmez ce qui est revenu. Il en reste %(n)d à rendre.",
        loan.out,
    )
    send(
        loan, f"partly-returned-{report.pk}", other(side), note=report.note, page=_sheet(report),
        subject=_("%(who)s a inscrit un retour, %(n)d sur %(all)d : %(what)s")
        % {**words(loan, side), "n": report.counted, "all": loan.quantity, "what": loan.resource.name},
        expected=expected % {"n": loan.out} + _left(report), action=_("Relire et confirmer"),
    )  # fmt: skip


def returned(report: ConditionReport) -> None:
    """Everything came back → the other side: confirm; the lender then ends the loan."""
    loan, side = report.loan, report.filled_side
    send(
        loan, f"returned-{report.pk}", other(side), note=report.note, page=_sheet(report),
        subject=(_("%(who)s a inscrit le retour : %(what)s") if loan.has_state else
                 _("%(who)s a inscrit la fin : %(what)s")) % words(loan, side),
        expected=_("Relisez la fiche, puis confirmez-la ou dites ce qui n’est pas exact.") + _left(report),
        action=_("Relire et confirmer"),
    )  # fmt: skip


def reopened(loan: Loan, *, missing: int, reason: str) -> None:
    """The lender found that some is missing → the borrower: give it back."""
    said = ngettext(
        "%(who)s dit qu’il en manque %(n)d : %(what)s", "%(who)s dit qu’il en manque %(n)d : %(what)s", missing
    )
    send(
        loan, "reopened", Side.BORROWER, note=reason, subject=said % {**words(loan, Side.LENDER), "n": missing},
        expected=_("Le prêteur a rouvert le prêt : rendez ce qui manque, ou écrivez-lui."),
    )  # fmt: skip


def incident_opened(incident: Incident, *, side: str) -> None:
    """Something broke or got lost → the other side: read, and agree on who pays."""
    loan = incident.loan
    send(
        loan, f"incident-{incident.pk}", other(side), note=incident.description, page=incident.get_absolute_url(),
        subject=_("%(who)s signale un incident : %(what)s") % words(loan, side),
        expected=_("Lisez ce qui s’est passé et convenez ensemble de qui paie."), action=_("Ouvrir l’incident"),
    )  # fmt: skip


def payer_proposed(incident: Incident, *, nth: int) -> None:
    """One side says who should pay → the other: agree, or propose otherwise."""
    loan, side = incident.loan, incident.payer_side
    send(
        loan, f"payer-{incident.pk}-{nth}", other(side), page=incident.get_absolute_url(),
        note=_("Qui paie : %(payer)s.") % {"payer": incident.get_payer_proposed_display()},
        subject=_("%(who)s propose qui paie : %(what)s") % words(loan, side),
        expected=_("Acceptez, ou proposez autre chose."), action=_("Répondre"),
    )  # fmt: skip


def payer_agreed(incident: Incident, *, side: str, nth: int) -> None:
    loan = incident.loan
    send(
        loan, f"payer-agreed-{incident.pk}-{nth}", other(side), page=incident.get_absolute_url(),
        note=_("Qui paie : %(payer)s.") % {"payer": incident.get_payer_display()},
        subject=_("%(who)s est d’accord sur qui paie : %(what)s") % words(loan, side),
        expected=_("Vous êtes d’accord : c’est inscrit au fil du prêt."), action=_("Ouvrir l’incident"),
    )  # fmt: skip


def incident_closed(incident: Incident) -> None:
    """Settled → the borrower."""
    loan = incident.loan
    send(
        loan, f"incident-closed-{incident.pk}", Side.BORROWER, note=incident.outcome, page=incident.get_absolute_url(),
        subject=_("%(who)s a réglé l’incident : %(what)s") % words(loan, Side.LENDER),
        expected=_("Rien à faire : voici comment c’est réglé."), action=_("Ouvrir l’incident"),
    )  # fmt: skip


def next_warned(loan: Loan, incident: Incident) -> None:
    """What they were to get is in repair → the next borrower: talk with the lender. Never whose fault it is."""
    until = _("On ne sait pas encore quand ce sera réparé.")
    if incident.back_on:
        until = _("De retour vers le %(day)s.") % {"day": date_format(incident.back_on, "l j F Y")}
    some = incident.aside_words(loan.resource)
    named = words(loan, Side.LENDER)
    if some:  # else it reads as if all that is lent was
        counts = {"n": incident.aside_of(loan.resource), "all": loan.resource.quantity, "name": loan.resource.name}
        named["what"] = _("%(name)s, %(n)d sur %(all)d") % counts
    send(
        loan, f"repair-{incident.pk}-{incident.back_on or ''}", Side.BORROWER, note=f"{some} {until}".strip(),
        subject=_("En réparation chez %(who)s : %(what)s") % named,
        expected=_("Votre prêt tient, mais pourrait ne pas être prêt à temps. Convenez de la suite avec le prêteur."),
    )  # fmt: skip


def next_reassured(loan: Loan, incident: Incident) -> None:
    """Repaired in time → the next borrower who had been warned."""
    send(
        loan, f"repaired-{incident.pk}", Side.BORROWER,
        subject=_("Réparé par %(who)s : %(what)s") % words(loan, Side.LENDER),
        expected=_("Rien à faire : votre prêt aura lieu comme convenu."),
    )  # fmt: skip
