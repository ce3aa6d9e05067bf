"""From an accepted loan to a frozen text: drawn up, answered, negotiated, agreed, frozen. Then it is signed.

Every writing of a draft is a version; a side agrees to one version, and any other writing clears the other's yes.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.permissions import require
from loans import filling, notifications, possible, remembering, rules
from loans.models import Agreement, AgreementStatus, AgreementVersion, JournalEntry, Loan, LoanStatus, Side
from loans.permissions import PARTY_OF, other, sides_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from toolbox.comparing import KEPT, Differences, Writing, compare_writings, in_sentence
from toolbox.composing import BLANK, Blank, Written, blanks_of, compose, lacking, optional_keys, present, text_of
from toolbox.conditions import is_filled
from toolbox.models import Clause, Edition

AT_LEAST, AN_HOUR = datetime.timedelta(days=2), datetime.timedelta(hours=1)  # to sign, whenever the loan begins
WRITABLE = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
OPEN = (AgreementStatus.DRAFT, AgreementStatus.TO_SIGN)
LIVE = (*OPEN, AgreementStatus.IN_FORCE)


class NoModel(Exception):  # noqa: N818 - it is an answer, not a fault
    """No model agreement of this kind is in force: there is nothing to draw up from."""


class Lacks(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something must still be answered before anybody agrees; ``blanks`` are what."""

    def __init__(self, blanks: list[Blank]) -> None:
        super().__init__(", ".join(b.label for b in blanks))
        self.blanks = blanks


# ---- reading


def current(loan: Loan) -> Agreement | None:
    """The agreement of a loan, amendments aside: the one that lives, else the last one that ended."""
    rows = list(loan.agreements.filter(amends__isnull=True).select_related("edition__model").order_by("-id"))
    return next((row for row in rows if row.status in LIVE), rows[0] if rows else None)


def clauses_of(agreement: Agreement) -> list[Clause]:
    return list(agreement.edition.clauses.all())


def blanks(agreement: Agreement) -> dict[str, Blank]:
    """Every variable that its text may name, its parties called as the text does."""
    return blanks_of(agreement.edition, clauses_of(agreement))


def values_of(agreement: Agreement) -> dict[str, Any]:
    """The answers; a draft is dated from the day it would freeze."""
    if agreement.is_frozen:
        return dict(agreement.values)
    return {**agreement.values, "entente.date": timezone.localdate().isoformat()}


def written(agreement: Agreement) -> list[Written]:
    """The text of a draft, composed now."""
    return compose(clauses_of(agreement), blanks(agreement), values_of(agreement), agreement.chosen)


def lacks(agreement: Agreement) -> list[Blank]:
    """What must still be answered, in the order of the text."""
    return _lacking(agreement, values_of(agreement), agreement.chosen)


def _lacking(agreement: Agreement, values: Mapping[str, Any], chosen: Collection[str]) -> list[Blank]:
    known = {**values, "entente.date": timezone.localdate().isoformat()}
    return lacking(clauses_of(agreement), blanks(agreement), known, chosen)


def lacks_of(agreement: Agreement, side: str) -> list[Blank]:
    """What is asked of one side."""
    return [blank for blank in lacks(agreement) if side in filling.sides_that_know(blank)]


def _sides_lacking(agreement: Agreement) -> list[str]:
    return sorted({side for blank in lacks(agreement) for side in filling.sides_that_know(blank)})


def changeable(agreement: Agreement, known: Mapping[str, Any] | None = None) -> list[Blank]:
    """The answers that either side may propose to change: not what the portal itself knows (dates, names, price)."""
    facts = filling.values(agreement.loan, agreement.number) if known is None else known
    rows = present(clauses_of(agreement), values_of(agreement), agreement.chosen)
    named = {name for clause in rows for name in BLANK.findall(clause.body)}
    asked = {c.when["field"] for c in clauses_of(agreement) if isinstance(c.when, dict)}
    return [
        blank for blank in blanks(agreement).values()
        if blank.name in named | asked and blank.name not in facts and not blank.name.startswith("entente.")
        and (not blank.from_portal or is_filled(agreement.values.get(blank.name)))
    ]  # fmt: skip


def differences(agreement: Agreement, since: int) -> Differences:
    """What changed from a version to the one of now."""
    if since >= agreement.version:
        return Differences()
    old = next((v for v in agreement.versions.all() if v.number == since), None)
    if old is None:
        return Differences()
    return compare_writings(
        clauses_of(agreement), blanks(agreement), Writing(old.values, old.chosen),
        Writing(agreement.values, agreement.chosen),
    )  # fmt: skip


def changes_since(agreement: Agreement, since: int) -> list[str]:
    """The same in a few lines, for e-mails: each answer, each clause that came or went."""
    found = differences(agreement, since)
    return [*map(in_sentence, found.answers), *(clause.title for clause in found.clauses if clause.state != KEPT)]


def seen_by(agreement: Agreement, side: str) -> int:
    """The last version that a side wrote or ever agreed to; the first one when none."""
    wrote = [version.number for version in agreement.versions.all() if version.side == side]
    lines = [entry for entry in agreement.journal.all() if entry.kind == "agreed" and entry.party == PARTY_OF[side]]
    return max([1, *wrote, *(entry.data["version"] for entry in lines)])


def agreed_version(agreement: Agreement, side: str) -> int | None:
    return agreement.lender_agreed if side == Side.LENDER else agreement.borrower_agreed


def has_agreed(agreement: Agreement, side: str) -> bool:
    return agreed_version(agreement, side) == agreement.version


def completes(agreement: Agreement, side: str) -> bool:
    """Whether all that is lacking, this side alone opened by a proposal and can say: who answers accepts the text."""
    asked = lacks(agreement)
    if not asked or any(side not in filling.sides_that_know(blank) for blank in asked):
        return False
    versions = {v.number: v for v in agreement.versions.all()}
    for entry in reversed([e for e in agreement.journal.all() if e.kind in ("answered", "changed", "refreshed")]):
        if entry.party != PARTY_OF[side]:
            return False
        before = versions.get(entry.data["version"] - 1)
        if entry.kind == "changed" and before and not _lacking(agreement, before.values, before.chosen):
            return True
    return False


# ---- writing


def record(
    agreement: Agreement, kind: str, *, by: Any = None, party: str = "", data: dict[str, Any] | None = None
) -> JournalEntry:
    """One line of the journal; ``who`` is what was known of the person then."""
    who = ", ".join(filter(None, [str(by), by.function])) if by else ""
    return JournalEntry.objects.create(agreement=agreement, kind=kind, party=party, who=who, by=by, data=data or {})


def deadline(loan: Loan, *others: datetime.datetime) -> datetime.datetime:
    """Until when signatures are awaited: before the loan begins (under way: before it ends) and before ``others``.

    At most the setting, never less than two days; or, of a loan over by then, than what is left of it.
    """
    now = timezone.now()
    least = min(now + AT_LEAST, max(loan.ends_at, now + AN_HOUR))
    bound = loan.ends_at if loan.status == LoanStatus.HANDED_OVER else loan.starts_at
    longest = now + datetime.timedelta(days=settings.AGREEMENT_SIGN_DAYS)
    return max(min(bound, longest, *others), least)


@transaction.atomic
def draw_up(loan: Loan, *, by: Any) -> Agreement:
    """Either side has one drawn up, even where none is demanded. Raises ``NoModel``; AlreadyMoved when one is there."""
    require(bool(sides_of(by, loan)) and loan.status in WRITABLE)
    return _draw_up(loan, rules.applying(loan.resource), by=by)


def draw_up_if_demanded(loan: Loan, *, by: Any) -> Agreement | None:
    """The agreement that the rule demands, if it does and one can be drawn up."""
    rule = rules.applying(loan.resource)
    if not rule.demanded(loan.quantity) or rule.model is None:
        return None
    if loan.agreements.live().filter(amends__isnull=True).exists():
        return None
    return _draw_up(loan, rule, by=by)


@transaction.atomic
def _draw_up(loan: Loan, rule: rules.Applying, *, by: Any) -> Agreement:
    edition = rule.model.current if rule.model else None
    if edition is None:
        raise NoModel
    Loan.objects.select_for_update(no_key=True).get(pk=loan.pk)
    if loan.agreements.live().filter(amends__isnull=True).exists():
        raise AlreadyMoved
    kept, chosen = remembering.of_loan(loan, edition)
    said = possible.only(loan, {**kept, **filling.values(loan)}, drawn=timezone.localdate(), blanks=blanks_of(edition))
    number = Agreement.objects.next_number()  # last: from here on, whoever else draws one up waits
    agreement = create(loan, edition, number=number, values={**said, "entente.numero": number}, chosen=chosen, by=by)
    notifications.agreement_drawn_up(agreement, by=by)
    return agreement


def create(
    loan: Loan, edition: Edition, *, number: str, values: dict[str, Any], chosen: list[str], by: Any,
    data: dict[str, Any] | None = None, **fields: Any,
) -> Agreement:  # fmt: skip
    """A draft, its first version and the first line of its journal."""
    agreement = Agreement(
        loan=loan, edition=edition, number=number, values=values, chosen=chosen,
        **{"title": edition.title, "parties": edition.model.parties, **fields},
    )  # fmt: skip
    agreement.lacking = [] if agreement.amends_id else _sides_lacking(agreement)
    agreement.save()
    AgreementVersion.objects.create(agreement=agreement, number=1, by=by, values=values, chosen=chosen)
    record(agreement, "drawn_up", by=by, data={"edition": str(edition), **(data or {})})
    return agreement


def _hold(agreement: Agreement, *, by: Any, side: str, version: int | None) -> None:
    """From here on this draft is ours; refuse a page that is no longer true."""
    require(side in sides_of(by, agreement.loan))
    whole = ("edition__model", "loan__resource__territory", "loan__lender", "loan__borrower")
    rows = Agreement.objects.select_for_update(no_key=True, of=("self",)).select_related(*whole)
    agreement.refresh_from_db(from_queryset=rows)
    prefetch_related_objects([agreement], "edition__clauses")
    if agreement.status != AgreementStatus.DRAFT or (version is not None and agreement.version != version):
        raise AlreadyMoved


def _rewrite(
    agreement: Agreement, *, values: dict[str, Any], chosen: list[str], kind: str, by: Any, side: str = "",
    note: str = "", agrees: bool = False,
) -> None:  # fmt: skip
    """One more version: the other side's yes no longer holds; the author's does when she ``agrees`` to it."""
    old = Writing(agreement.values, agreement.chosen)
    number = agreement.version + 1
    agreement.version, agreement.values, agreement.chosen = number, values, chosen
    agreement.lender_agreed = number if agrees and side == Side.LENDER else None
    agreement.borrower_agreed = number if agrees and side == Side.BORROWER else None
    agreement.lacking = _sides_lacking(agreement)
    agreement.save(update_fields=["version", "values", "chosen", "lacking", "lender_agreed", "borrower_agreed"])
    AgreementVersion.objects.create(
        agreement=agreement, number=number, side=side, by=by, values=values, chosen=chosen, note=note
    )
    found = compare_writings(clauses_of(agreement), blanks(agreement), old, Writing(values, chosen))
    told = {"version": number, "answers": [a.label for a in found.answers], "clauses": [c.title for c in found.clauses]}
    record(agreement, kind, by=by, party=PARTY_OF[side] if side else "", data=told)
    if agrees:
        record(agreement, "agreed", by=by, party=PARTY_OF[side], data={"version": number})


def _said(agreement: Agreement, given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What the text would say with these answers, which must be possible."""
    said = {**agreement.values, **given, **known}
    possible.refuse(agreement.loan, said, given, drawn=agreement.drawn_on, blanks=blanks(agreement))
    return {name: value for name, value in said.items() if is_filled(value)}


@transaction.atomic
def answer(
    agreement: Agreement, *, by: Any, side: str, values: Mapping[str, Any], version: int | None = None
) -> Agreement:
    """A party says what she alone knows; the last answer that her own proposal asked for accepts the text.

    Raises PermissionDenied (not asked of her), AlreadyMoved (stale page), ``Impossible``.
    """
    _hold(agreement, by=by, side=side, version=version)
    asked = blanks(agreement)
    require(all(name in asked and side in filling.sides_that_know(asked[name]) for name in values))
    known = filling.values(agreement.loan, agreement.number)
    said = _said(agreement, values, known)
    if said == agreement.values:
        return agreement
    since, whole = agreement.version, not lacks(agreement)
    agrees = completes(agreement, side) and not _lacking(agreement, said, agreement.chosen)
    _rewrite(agreement, values=said, chosen=agreement.chosen, kind="answered", by=by, side=side, agrees=agrees)
    if lacks(agreement):
        return agreement
    if whole:
        notifications.agreement_corrected(agreement, changes_since(agreement, since), side=side, by=by)
    else:
        notifications.agreement_complete(agreement, side=side, by=by)
    return agreement


@transaction.atomic
def change(
    agreement: Agreement, *, by: Any, side: str, values: Mapping[str, Any] | None = None,
    chosen: Collection[str] | None = None, note: str = "", version: int | None = None,
) -> Agreement:  # fmt: skip
    """Either side proposes other answers or other optional clauses, and agrees to what she proposes once whole.

    Raises PermissionDenied, AlreadyMoved (stale page), ``Impossible``, ValidationError when nothing differs.
    """
    _hold(agreement, by=by, side=side, version=version)
    known = filling.values(agreement.loan, agreement.number)
    there = blanks(agreement)
    optional = optional_keys(agreement.edition)
    wanted = list(agreement.chosen if chosen is None else chosen)
    given = dict(values or {})
    require(all(n in there and n not in known and not n.startswith("entente.") for n in given))
    require(set(wanted) <= set(optional))
    said = _said(agreement, given, known)
    wanted = [key for key in optional if key in wanted]
    if said == agreement.values and wanted == list(agreement.chosen):
        raise ValidationError(
            _("Rien ne change : modifiez une réponse ou une clause facultative, ou revenez au texte.")
        )
    since = agreement.version
    whole = not _lacking(agreement, said, wanted)
    _rewrite(
        agreement, values=said, chosen=wanted, kind="changed", by=by, side=side, note=note.strip()[:2000], agrees=whole
    )
    awaits = next((who for who in (side, other(side)) if lacks_of(agreement, who)), "")
    changes = changes_since(agreement, since)
    notifications.agreement_changed(agreement, changes, side=side, by=by, note=note, awaits=awaits)
    return agreement


@transaction.atomic
def agree(agreement: Agreement, *, by: Any, side: str, version: int | None = None) -> Agreement:
    """A side accepts the text as it is; the second one freezes it.

    Raises ``Lacks``, ``Impossible``, AlreadyMoved, PermissionDenied.
    """
    _hold(agreement, by=by, side=side, version=version)
    _check(agreement)
    if has_agreed(agreement, side):
        return agreement
    name = "lender_agreed" if side == Side.LENDER else "borrower_agreed"
    setattr(agreement, name, agreement.version)
    agreement.save(update_fields=[name])
    record(agreement, "agreed", by=by, party=PARTY_OF[side], data={"version": agreement.version})
    if has_agreed(agreement, other(side)):
        return freeze(agreement, by=by)
    notifications.agreement_agreed(agreement, side=side, by=by)
    return agreement


def _check(agreement: Agreement) -> None:
    """Nobody agrees to a text that lacks something, or that can't be."""
    if missing := lacks(agreement):
        raise Lacks(missing)
    possible.refuse(agreement.loan, agreement.values, drawn=agreement.drawn_on, blanks=blanks(agreement))


@transaction.atomic
def freeze(agreement: Agreement, *, by: Any) -> Agreement:
    """Both agreed to the same version: the text no longer changes, and is to sign. Raises as ``agree``."""
    if agreement.status != AgreementStatus.DRAFT or not all(has_agreed(agreement, side) for side in Side.values):
        raise AlreadyMoved
    _check(agreement)
    agreement.values = values_of(agreement)
    return seal(agreement, written(agreement), by=by)


def seal(agreement: Agreement, text: list[Written], *, by: Any, before: Sequence[datetime.datetime] = ()) -> Agreement:
    """Freeze a draft with this text, to sign ``before`` these instants too."""
    agreement.clauses = [{"number": w.number, "key": w.key, "title": w.title, "html": str(w.html)} for w in text]
    agreement.text = text_of(agreement.title, text)
    agreement.frozen_at = timezone.now()
    agreement.status = AgreementStatus.TO_SIGN
    agreement.sign_by = deadline(agreement.loan, *before)
    agreement.save()
    agreement.refresh_from_db()  # the database computed the hash
    amends = {"amends": agreement.amends.number} if agreement.amends else {}
    record(agreement, "frozen", by=by, data={"version": agreement.version, "sha256": agreement.sha256, **amends})
    notifications.agreement_frozen(agreement)
    return agreement


@transaction.atomic
def refresh(agreement: Agreement, *, by: Any, note: str, another: bool = False) -> Agreement:
    """The loan changed while its agreement is being written: what the portal knows is written anew, what was
    answered of the former resource asked anew when ``another`` is lent."""
    known = filling.values(agreement.loan, agreement.number)
    gone = ("periode.", "pret.conditions")  # what a series or a loan may no longer have
    kept = remembering.but_of_resource(agreement) if another else agreement.values
    said = {name: value for name, value in kept.items() if not name.startswith(gone)} | known
    said = possible.only(agreement.loan, said, drawn=agreement.drawn_on, blanks=blanks(agreement))
    if said != agreement.values:
        _rewrite(agreement, values=said, chosen=agreement.chosen, kind="refreshed", by=by, note=note)
    return agreement
