"""The sheet of a hand-over or a return, on a phone first: count, tick, say, photograph."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import ClockField, DayField, WrittenField
from directory.forms.organisation import dress
from loans.checklists import checklist
from loans.counting import Sheet, bounds
from loans.models import ConditionReport, Loan, Moment
from mutualisation.kernel.moments import moment as instant
from mutualisation.kernel.moments import wall

CHECKS_AT_MOST = 60


class SheetForm(forms.Form):
    """What was counted and seen. The items to check travel with the page: what was read is what is kept."""

    counted = forms.IntegerField(
        min_value=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "form-control count-field"}),
        error_messages={
            "required": _("Écrivez combien vous en avez compté."),
            "invalid": _("Écrivez un nombre."),
            "min_value": _("Comptez au moins une unité."),
        },
    )
    state = forms.ChoiceField(
        label=_("Dans quel état?"),
        choices=ConditionReport.State.choices,
        initial=ConditionReport.State.GOOD,
        widget=forms.RadioSelect,
        error_messages={"required": _("Dites dans quel état c’est.")},
    )
    rest = forms.ChoiceField(
        label=_("Et le reste, s’il n’en part pas autant que prévu?"),
        choices=[("later", _("il partira plus tard")), ("never", _("il ne partira pas : libre pour d’autres"))],
        required=False,
        widget=forms.RadioSelect,
    )
    note = WrittenField(
        label=_("Remarques"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Ce qui est marqué, usé, manquant. N’y mettez le nom de personne."),
    )
    day = DayField(
        label=_("Fait le"),
        help_text=_("AAAA-MM-JJ ou 17 déc. 2026."),
        error_messages={"required": _("Dites quel jour.")},
    )
    hour = ClockField(
        label=_("À"),
        help_text=_("Comme 18:30 ou 18 h 30."),
        error_messages={"required": _("Dites à quelle heure.")},
    )
    late_reason = WrittenField(
        label=_("Pourquoi est-ce inscrit après coup?"),
        required=False,
        max_length=200,
        help_text=_("Seulement si c’était il y a plus de deux heures : oublié sur place, pas de réseau…"),
    )

    def __init__(self, data: Any = None, *, loan: Loan, moment: str, report: ConditionReport | None = None) -> None:
        first = wall(report.happened_at if report else timezone.now())
        initial: dict[str, Any] = {"day": first.date(), "hour": first.time().replace(second=0, microsecond=0)}
        if report:
            initial |= {"counted": report.counted, "state": report.state, "note": report.note}
            initial["late_reason"] = report.late_reason
        super().__init__(data, initial=initial)
        least, most = bounds(loan, moment, report)
        handing = moment == Moment.HANDOVER
        self.fields["counted"].label = _("Combien partent?") if handing else _("Combien reviennent?")
        self.fields["counted"].initial = self.initial.get("counted", most)
        self.fields["counted"].widget.attrs |= {"min": least, "max": most}
        self.report, self.was = report, initial
        self.most = most
        if least == most == 1:
            del self.fields["counted"]
        if report or not handing or most == 1:
            del self.fields["rest"]
        if not loan.has_state:
            del self.fields["state"]
            self.fields["note"].help_text = _("Ce qui reste à faire ou à savoir. N’y mettez le nom de personne.")
        self.items: list[str] = []
        for index, row in enumerate(self._rows(data, loan, moment, report)):
            self._add(index, row)
        dress(self)

    @staticmethod
    def _rows(data: Any, loan: Loan, moment: str, report: ConditionReport | None) -> list[dict[str, Any]]:
        """What to check: as the page said it, as the sheet says it, or as the list says it now."""
        if data is not None and "item_0" in data:
            names = [f"item_{n}" for n in range(CHECKS_AT_MOST) if data.get(f"item_{n}", "").strip()]
            return [{"item": data[name].strip()[:160], "ok": False, "note": ""} for name in names]
        if report and report.checks:
            return list(report.checks)
        return [{"item": item, "ok": False, "note": ""} for item in checklist(loan.resource, moment)]

    def _add(self, index: int, row: dict[str, Any]) -> None:
        self.items.append(row["item"])
        ok = forms.BooleanField(label=row["item"], required=False, initial=row["ok"])
        note = WrittenField(label=_("Note"), required=False, max_length=200, initial=row["note"])
        self.fields |= {f"ok_{index}": ok, f"note_{index}": note}

    def checks(self) -> list[dict[str, Any]]:
        """Each item, with its box and its note, for the page."""
        return [
            {"n": n, "item": item, "ok": self[f"ok_{n}"], "note": self[f"note_{n}"], "said": self[f"note_{n}"].value()}
            for n, item in enumerate(self.items)
        ]

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if "rest" in self.fields and data.get("counted", self.most) < self.most and not data.get("rest"):
            self.add_error("rest", _("Il n’en part pas autant que prévu : dites si le reste partira plus tard."))
        day, hour = data.get("day"), data.get("hour")
        if day and hour:
            if self.report and (day, hour) == (self.was["day"], self.was["hour"]):
                data["happened_at"] = self.report.happened_at  # to the second, as it was
                return data
            try:
                data["happened_at"] = instant(day, hour)
            except ValidationError as error:
                self.add_error("hour", error)
            except OverflowError:
                self.add_error("day", _("Cette année-là est hors du calendrier : choisissez une autre date."))
        return data

    def sheet(self) -> Sheet:
        """What was typed, for the verb."""
        data = self.cleaned_data
        return Sheet(
            counted=data.get("counted", 1),
            state=data.get("state", ConditionReport.State.GOOD),
            checks=[
                {"item": item, "ok": data[f"ok_{n}"], "note": data[f"note_{n}"]} for n, item in enumerate(self.items)
            ],
            note=data["note"],
            happened_at=data["happened_at"],
            late_reason=data["late_reason"],
        )

    @property
    def rest_later(self) -> bool:
        """Whether what does not leave now leaves another time."""
        return self.cleaned_data.get("rest") == "later"

    def refuse(self, error: ValidationError) -> None:
        """Say what the verb refused, beside the field."""
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    def unlike(self, report: ConditionReport) -> list[dict[str, Any]]:
        """What the sheet says otherwise than what was typed, side by side."""
        theirs = {"state": report.get_state_display(), "note": report.note, "counted": report.counted}
        states = dict(ConditionReport.State.choices)
        found = []
        for name in ("counted", "state", "note"):
            if name in self.fields:
                typed = self[name].value() or ""
                mine = str(states.get(typed, typed)) if name == "state" else str(typed)
                field = self[name].id_for_label or self[name].auto_id
                found.append((self.fields[name].label, field, theirs[name], mine))
        checked = {row["item"]: row for row in report.checks}
        for row in self.checks():
            ours = self._in_words(bool(row["ok"].value()), row["said"])
            other = checked.get(row["item"], {"ok": False, "note": ""})
            found.append((row["item"], row["ok"].id_for_label, self._in_words(other["ok"], other["note"]), ours))
        nothing = str(_("rien"))
        return [
            {"label": label, "field": field, "theirs": str(one) or nothing, "mine": str(two) or nothing, "kept": True}
            for label, field, one, two in found
            if str(one).strip() != str(two).strip()
        ]

    @staticmethod
    def _in_words(ok: bool, note: Any) -> str:
        said = str(_("coché")) if ok else str(_("pas coché"))
        return f"{said}, {note}" if note else said
