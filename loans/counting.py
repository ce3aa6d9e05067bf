"""What a sheet of hand-over or return may say: how many, and when. Each fault in one sentence, beside its field."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, Min, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory import calendar
from directory.models import Occupation
from directory.opening import day_words
from loans.models import ConditionReport, Loan, LoanStatus, Moment
from loans.standing import moment_words
from mutualisation.kernel.moments import moment as moment_of
from mutualisation.kernel.moments import span, wall

AFTERWARDS = datetime.timedelta(hours=2)  # what is written later than that says why
AHEAD = datetime.timedelta(minutes=5)  # clocks of telephones
# Before its start, what is agreed leaves on the Friday of a long weekend for the Tuesday; further ahead it is another
# loan than the one agreed on: its return would give away dates that were promised, or signed. A person, and what she
# knows, begins on the day that was agreed.
EARLY = datetime.timedelta(days=4)


@dataclass(frozen=True)
class Sheet:
    """What someone counted and saw. ``checks`` are {"item", "ok", "note"}."""

    counted: int = 1
    state: str = ConditionReport.State.GOOD
    checks: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    happened_at: datetime.datetime = field(default_factory=timezone.now)
    late_reason: str = ""


def bounds(loan: Loan, moment: str, report: ConditionReport | None = None) -> tuple[int, int]:
    """The least and the most that may be counted: what remains, and what a corrected sheet already counts."""
    handing = moment == Moment.HANDOVER
    if report is None:
        return 1, max(1, (loan.to_come or loan.outstanding) if handing else loan.out)
    if not handing:
        return 1, report.counted + loan.out
    never_left = max(0, loan.returned_quantity - (counted(loan, Moment.RETURN) or 0))
    return max(1, report.counted - loan.out), report.counted + loan.to_come + never_left


def counted(loan: Loan, moment: str) -> int | None:
    """How many the sheets of a moment count; None when there is no sheet."""
    return loan.reports.filter(moment=moment).aggregate(n=Sum("counted"))["n"]


def first(loan: Loan, moment: str) -> datetime.datetime | None:
    """When it first happened, by the sheets."""
    return loan.reports.filter(moment=moment).aggregate(at=Min("happened_at"))["at"]


def last(loan: Loan, moment: str) -> datetime.datetime | None:
    return loan.reports.filter(moment=moment).aggregate(at=Max("happened_at"))["at"]


def check(loan: Loan, moment: str, sheet: Sheet, report: ConditionReport | None = None) -> None:
    """Raises ValidationError, by field of the sheet, when it can't be so."""
    wrong: dict[str, str] = {}
    least, most = bounds(loan, moment, report)
    if sheet.counted > most:
        said = ngettext(
            "Il n’en reste que %(n)d : comptez de nouveau.",
            "Il n’en reste que %(n)d : comptez de nouveau.",
            most,
        )
        wrong["counted"] = said % {"n": most}
    elif sheet.counted < least:
        wrong["counted"] = _("Il y en a au moins %(n)d.") % {"n": least}
    if said := _not_then(loan, moment, sheet.happened_at, report):
        wrong["hour"] = said
    elif sheet.happened_at < timezone.now() - AFTERWARDS and not sheet.late_reason.strip():
        wrong["late_reason"] = _("C’était il y a plus de deux heures : dites pourquoi c’est inscrit après coup.")
    if wrong:
        raise ValidationError(wrong)


def not_before(loan: Loan) -> str:
    """From when a hand-over is written, in a sentence, while it is too soon; empty once it can be.

    Two queries in the days before its start, a few more while that time is someone else's.
    """
    since, now = _earliest(loan), timezone.now()
    if loan.status != LoanStatus.ACCEPTED or now >= loan.starts_at:
        return ""
    if now >= since:
        free = _free_from(loan, now)
        said = _("La remise s’inscrira à partir du %(when)s : avant, c’est réservé à quelqu’un d’autre.")
        if not loan.has_state:
            said = _("Le début s’inscrira à partir du %(when)s : avant, c’est réservé à quelqu’un d’autre.")
        return said % {"when": moment_words(free).removeprefix("le\u00a0")} if free > now else ""
    said = _("La remise s’inscrira à partir du %(when)s : au plus %(n)d jours avant le début.")
    if not loan.has_state:
        return _("Le début s’inscrira %(day)s, le jour convenu.") % {"day": day_words(wall(since).date())}
    return said % {"when": moment_words(since).removeprefix("le\u00a0"), "n": EARLY.days}


def _free_from(loan: Loan, now: datetime.datetime) -> datetime.datetime:
    """From when until its end one at least is nobody else's: now, when others give theirs back, its start at last."""
    date = loan.dates.filter(cancelled_at__isnull=True).order_by("period", "id").first()
    if date is None or date.period.lower <= now or loan.is_of_place:
        return now
    before, free = span(now, date.period.lower), functools.partial(calendar.free_count, ignoring=[date.act])
    if free(loan.resource, span(now, date.period.upper)):
        return now
    taken = Occupation.objects.filter(resource=loan.resource_id, period__overlap=before).exclude(act=date.act)
    ends = sorted(
        {period.upper for period in taken.values_list("period", flat=True) if period.upper and period.upper in before}
    )
    return next((end for end in ends if free(loan.resource, span(end, date.period.upper))), date.period.lower)


def _earliest(loan: Loan) -> datetime.datetime:
    """From when it may begin: a few days ahead for things and keys, the first day for people."""
    if loan.has_state:
        return loan.starts_at - EARLY
    return moment_of(wall(loan.starts_at).date(), datetime.time())


def _not_then(loan: Loan, moment: str, at: datetime.datetime, report: ConditionReport | None) -> str:
    """Why it can't have happened then, in a sentence; empty when it can."""
    if at > timezone.now() + AHEAD:
        return _("Ce moment n’est pas encore arrivé. Inscrivez-le quand ce sera fait.")
    if moment == Moment.RETURN:
        if loan.handed_over_at and at < _minute(loan.handed_over_at):
            if not loan.has_state:
                return _("C’est avant le début : vérifiez le jour et l’heure.")
            return _("C’est avant la remise : vérifiez le jour et l’heure.")
        return ""
    if at < _minute(loan.requested_at):
        return _("C’est avant la demande elle-même : vérifiez le jour et l’heure.")
    if at < _earliest(loan) and not loan.has_state:
        said = _("Cela commence %(when)s : le début s’inscrit ce jour-là. Proposez d’abord d’autres dates depuis la "
                 "page du prêt.")  # fmt: skip
        return said % {"when": moment_words(loan.starts_at)}
    if at < loan.starts_at - EARLY:
        said = _(
            "Ce prêt commence %(when)s : une remise s’inscrit au plus %(n)d jours d’avance. Proposez d’abord d’autres "
            "dates depuis la page du prêt; une fois acceptées, inscrivez la remise."
        )
        return said % {"when": moment_words(loan.starts_at), "n": EARLY.days}
    if report and (back := first(loan, Moment.RETURN)) and at > back:
        return _("C’est après un retour déjà inscrit : vérifiez le jour et l’heure.")
    return ""


def _minute(instant: datetime.datetime) -> datetime.datetime:
    """Its minute: people write hours without seconds."""
    return instant.replace(second=0, microsecond=0)
