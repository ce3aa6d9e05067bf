"""The loan changed after its agreement: the draft follows, the text to sign is replaced, what is signed is amended.

Both sides agreed to the new terms when they accepted the proposal: the amendment (avenant) is frozen at once, to sign.
What was agreed on takes effect once it is signed (holding.py); what is done already (a date called off, a person named)
is followed.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.permissions import require
from loans import agreements, ending, filling, holding, notifications, possible, remembering
from loans.models import Agreement, AgreementStatus, Loan, LoanStatus, Proposal
from loans.permissions import sides_of
from mutualisation.kernel.moments import day_in_words
from toolbox.comparing import Answer, in_sentence, said
from toolbox.composing import Written, roles_of
from toolbox.models import Party

# What the two sides agree on outside of the text: the rest of what the portal knows may be mended without them.
TERMS = ("periode.en_mots", "periode.recurrence_en_mots", "pret.quantite", "pret.conditions", "cout.mode",
         "cout.montant", "cout.unite", "cout.depot", "personne.nom",
         "personne.superviseur", "personne.part_de_temps", "personne.horaire", "personne.essai_fin")  # fmt: skip
PERSON = "personne."
THING = ("ressource.", "local.", "expertise.")
FEW = 6  # changes that a loan's page tells


@transaction.atomic
def follow_acceptance(loan: Loan, *, by: Any) -> Agreement | None:
    """After a loan is accepted, apart from it: the agreement that is demanded, once, unless one was there.

    The page that accepts does it next, and so that none is lost, the worker: whoever comes second finds it.
    """
    loan = Loan.objects.whole().select_for_update(no_key=True, of=("self",)).get(pk=loan.pk)
    if loan.status not in agreements.WRITABLE or loan.agreements.exists():
        return None
    return agreements.draw_up_if_demanded(loan, by=by)


@transaction.atomic
def follow(loan: Loan, *, by: Any, another: bool = False) -> Agreement | None:
    """After a loan changed, what its agreement becomes; ``another``: another resource is lent. Gives what is new."""
    if loan.status not in agreements.WRITABLE:
        return None
    live = loan.agreements.filter(amends__isnull=True, status__in=[*agreements.OPEN, AgreementStatus.IN_FORCE])
    row = live.select_for_update(no_key=True, of=("self",)).select_related("edition__model").first()
    if row is None:
        return agreements.draw_up_if_demanded(loan, by=by) if loan.status == LoanStatus.ACCEPTED else None
    row.loan = loan
    prefetch_related_objects([row], "edition__clauses")
    if row.status == AgreementStatus.DRAFT:
        return agreements.refresh(row, by=by, note=_("Ce qui est convenu du prêt a changé."), another=another)
    if row.status == AgreementStatus.IN_FORCE:
        waits = holding.pending(loan)  # what is already agreed on stays in the amendment to sign
        amendment = _amend(row, filling.values(loan, row.number, agreed=waits), by=by, another=another, ahead=waits)
        if amendment and waits:
            holding.hold(waits, amendment)
        return amendment
    known = _whole(filling.values(loan, row.number), row.values)
    changes = _changes(row, dict(row.values), known, another=another)
    return _replace(row, changes, by=by, another=another) if changes else None


@transaction.atomic
def ahead(proposal: Proposal, *, by: Any) -> Agreement | None:
    """The amendment to sign before a change takes effect; None where nothing that is signed changes.

    Raises ``Impossible`` when what is signed would no longer be possible: fewer people fit in another room.
    """
    loan = proposal.loan
    live = loan.agreements.filter(amends__isnull=True, status=AgreementStatus.IN_FORCE)
    root = live.select_for_update(no_key=True, of=("self",)).select_related("edition__model").first()
    if root is None:
        return None
    root.loan = loan
    prefetch_related_objects([root], "edition__clauses")
    another = proposal.resource_id != loan.resource_id
    known = filling.values(loan, root.number, agreed=proposal)
    if another:
        signed = {**in_force_values(root), **known}
        possible.refuse(loan, signed, (possible.PEOPLE,), drawn=root.drawn_on, blanks=agreements.blanks(root))
    return _amend(root, known, by=by, another=another, ahead=proposal)


def _changes(agreement: Agreement, before: dict[str, Any], after: dict[str, Any], *, another: bool) -> list[Answer]:
    """What differs among the terms, in the words of the text."""
    blanks = agreements.blanks(agreement)
    names = [n for n in blanks if n in TERMS or (another and n.startswith(THING))]
    pairs = [(blanks[n].label, said(blanks[n], before), said(blanks[n], after)) for n in names]
    return [Answer(label.replace(", en mots", ""), old, new) for label, old, new in pairs if old != new]


def _whole(known: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What the portal knows, and of the person lent what was answered in the text and that it never knew."""
    return {name: before[name] for name in TERMS if name.startswith(PERSON) and name in before} | known


def _terms(known: dict[str, Any], before: dict[str, Any], *, another: bool) -> dict[str, Any]:
    """The values once amended: the terms as they are now, the rest as it was signed."""
    moving = ("periode.", *TERMS, *(THING if another else ()))
    kept = {name: value for name, value in before.items() if not name.startswith(moving)}
    return kept | {name: value for name, value in known.items() if name.startswith(moving)}


def _replace(old: Agreement, changes: list[Answer], *, by: Any, another: bool) -> Agreement:
    """Nobody is bound yet: a new text says the new terms, both agreed to its every word."""
    loan, number = old.loan, Agreement.objects.next_number()
    reason = _("Remplacée par l’entente %(number)s : ce qui est convenu du prêt a changé.") % {"number": number}
    ending.end(old, by=by, reason=reason)
    kept = remembering.but_of_resource(old) if another else old.values
    values = {name: v for name, v in kept.items() if name != "entente.date" and not name.startswith("periode.")}
    values = possible.only(
        loan, {**values, **filling.values(loan, number)}, drawn=timezone.localdate(), blanks=agreements.blanks(old)
    )
    new = agreements.create(
        loan, old.edition, number=number, values=values, chosen=list(old.chosen), by=by,
        data={"replaces": old.number}, lender_agreed=1, borrower_agreed=1,
    )  # fmt: skip
    new.edition = old.edition
    notifications.agreement_replaced(old, new, "\n".join(in_sentence(c) for c in changes))
    if agreements.lacks(new):
        new.lender_agreed = new.borrower_agreed = None
        new.save(update_fields=["lender_agreed", "borrower_agreed"])
        return new
    return agreements.freeze(new, by=by)


def in_force_values(root: Agreement) -> dict[str, Any]:
    """What is signed today: the agreement as its amendments in force left it."""
    signed = root.amendments.filter(status=AgreementStatus.IN_FORCE).order_by("-in_force_at", "-id").first()
    return dict((signed or root).values)


def _amend(
    root: Agreement, known: dict[str, Any], *, by: Any, another: bool, ahead: Proposal | None = None
) -> Agreement | None:
    before = in_force_values(root)
    known = _whole(known, before)
    another = another or before.get("ressource.nom") != known["ressource.nom"]
    changes = _changes(root, before, known, another=another)
    waiting = root.amendments.filter(status=AgreementStatus.TO_SIGN).first()
    if waiting:
        same = waiting.values.get("changes") == [vars(c) for c in changes]
        if same and (ahead is None or ahead.amendment_id == waiting.pk):
            return None
        waiting.loan = root.loan
        ending.end(waiting, by=by, reason=_("Ce qui est convenu du prêt a changé de nouveau."))
    if not changes:
        return None
    n = root.amendments.count() + 1
    number = f"{root.number}-A{n}"
    values = _terms(known, before, another=another)
    values |= {"entente.numero": root.number, "changes": [vars(c) for c in changes]}
    amendment = agreements.create(
        root.loan, root.edition, number=number, values=values, chosen=list(root.chosen), by=by,
        data={"amends": root.number}, amends=root, parties=root.parties, lender_agreed=1, borrower_agreed=1,
        title=_("Avenant %(n)d à l’entente %(number)s") % {"n": n, "number": root.number},
    )  # fmt: skip
    before_that = [p.lower for p in ahead.periods if p.lower > timezone.now()][:1] if ahead else []
    return agreements.seal(amendment, text_of_amendment(root, changes), by=by, before=before_that)


def text_of_amendment(root: Agreement, changes: list[Answer]) -> list[Written]:
    """The short text: what it modifies, before and after, the rest as it was."""
    roles: dict[str, str] = {
        Party.LENDER: _("le prêteur"), Party.BORROWER: _("l’emprunteur"), Party.PERSON: _("la personne prêtée"),
    }  # fmt: skip
    roles |= roles_of(agreements.clauses_of(root))
    parties = [
        _("%(name)s, ci-après « %(role)s »") % {"name": root.values.get(f"{party}.nom", ""), "role": roles[party]}
        for party in root.parties
    ]
    said = _(" et ").join(filter(None, [", ".join(parties[:-1]), parties[-1]]))
    since = root.in_force_at or timezone.now()
    words = {
        "number": root.number, "since": day_in_words(timezone.localtime(since).date(), "j F Y"),
        "parties": said, "today": day_in_words(timezone.localdate(), "j F Y"),
    }  # fmt: skip
    nothing = _("rien n’était prévu")
    what = format_html(
        "<p>{}</p>",
        _("Cet avenant, daté du %(today)s, modifie l’entente %(number)s, en vigueur depuis le %(since)s, conclue entre "
          "les parties suivantes : %(parties)s.") % words,
    )  # fmt: skip
    rows = format_html_join(
        "", "<li>{} : {}</li>",
        [(c.label, _("«\u00a0%(before)s\u00a0» est remplacé par «\u00a0%(after)s\u00a0».")
          % {"before": c.before or nothing, "after": c.after or _("rien")}) for c in changes],
    )  # fmt: skip
    return [
        Written(1, "objet", _("Ce que modifie cet avenant"), what),
        Written(2, "changements", _("Ce qui change"), format_html("<ul>{}</ul>", rows)),
        Written(3, "reste", _("Ce qui ne change pas"), format_html("<p>{}</p>", _(
            "Toutes les autres clauses de l’entente demeurent inchangées et continuent de s’appliquer. Sur ce qu’il "
            "modifie, l’avenant l’emporte sur l’entente."))),
        Written(4, "effet", _("Prise d’effet"), format_html("<p>{}</p>", _(
            "L’avenant prend effet quand toutes les parties l’ont signé. Il fait alors partie de l’entente."))),
    ]  # fmt: skip


def in_words(amendment: Agreement) -> list[str]:
    """What an amendment changes, a line each, cut short: its own page says it in full."""
    changes = [Answer(**said) for said in amendment.values.get("changes", [])]
    lines = [in_sentence(Answer(c.label, _cut(c.before), _cut(c.after))) for c in changes[:FEW]]
    if more := len(changes[FEW:]):
        lines.append(ngettext("… et %(n)d autre changement", "… et %(n)d autres changements", more) % {"n": more})
    return lines


def _cut(text: str) -> str:
    return Truncator(text).chars(200)


@transaction.atomic
def draw_up_again(root: Agreement, *, by: Any) -> Agreement | None:
    """An amendment was refused or expired while the loan is no longer as signed: another one, to sign."""
    loan = root.loan
    require(bool(sides_of(by, loan)))
    return follow(loan, by=by)


def another_person(root: Agreement) -> str:
    """The person who signed to be lent, where the loan now names someone else, who did not; empty otherwise."""
    if Party.PERSON not in root.parties or not root.loan.worker:
        return ""
    signed = str(in_force_values(root).get("personne.nom") or "")
    return "" if signed == root.loan.worker else signed


def differs(root: Agreement) -> bool:
    """Whether the loan is anything else than what is signed. Five queries: asked when there is a reason to."""
    before, known = in_force_values(root), filling.values(root.loan, root.number)
    known = _whole(known, before)
    another = before.get("ressource.nom") != known["ressource.nom"]
    return bool(_changes(root, before, known, another=another))


def awaits_amendment(root: Agreement) -> bool:
    """Whether the loan no longer is what was signed, and no amendment to sign says so."""
    if root.status != AgreementStatus.IN_FORCE or root.amendments.filter(status=AgreementStatus.TO_SIGN).exists():
        return False
    if another_person(root):
        return True
    no_longer = (AgreementStatus.REFUSED, AgreementStatus.EXPIRED, AgreementStatus.CANCELLED)
    let_go = Q(proposal__isnull=False, status__in=no_longer)  # the loan stayed as it was
    last = root.amendments.exclude(let_go).order_by("-id").first()
    refused = last is not None and last.status in (AgreementStatus.REFUSED, AgreementStatus.EXPIRED)
    return refused and differs(root)  # the loan may be back to what was signed
