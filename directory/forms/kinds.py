"""The form of each kind of resource: only the fields that matter to it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import BUFFER, MINUTES, AmongField, HourField, LinesField
from directory.forms.resource import ResourceForm
from directory.models import Kind, OpeningHours
from directory.models.kinds import Accessibility, Language

COMMON = (
    "name", "summary", "category", "territory", "cost_mode", "price", "price_unit", "visibility", "description",
    "conditions", "insurance_required", "notice_hours", "horizon_days", "accepts_by_itself",
)  # fmt: skip
PLACED = ("address", "pickup_instructions", "part_of", "deposit", "training_required")


class LendableForm(ResourceForm):
    """Things and rooms: borrowed for a while."""

    min_minutes = AmongField(label=_("Au moins"), usual=MINUTES, empty=_("peu importe"), required=False)
    max_minutes = AmongField(label=_("Au plus"), usual=MINUTES, empty=_("peu importe"), required=False)
    buffer_minutes = AmongField(label=_("Temps gardé entre deux usages"), usual=BUFFER, required=False)

    def clean_buffer_minutes(self) -> int:
        return self.cleaned_data["buffer_minutes"] or 0


class MaterialForm(LendableForm):
    kind = Kind.MATERIEL
    essential = ("name", "category", "summary", "quantity", "territory")
    sections = (
        ("details", _("Décrire davantage"), ("description", "brand_model", "condition", "accessories", "part_of")),
        ("remise", _("La remise"), ("handling", "pickup_hours", "address", "pickup_instructions")),
        ("conditions", _("Conditions"), ("deposit", "replacement_value", "insurance_required", "training_required",
                                          "license_required", "conditions")),
        ("regles", _("Durées et préavis"), ("min_minutes", "max_minutes", "buffer_minutes", "notice_hours",
                                            "horizon_days", "accepts_by_itself")),
    )  # fmt: skip

    class Meta(ResourceForm.Meta):
        fields = (*COMMON, *PLACED, "quantity", "brand_model", "condition", "accessories", "handling", "pickup_hours",
                  "replacement_value", "license_required", "buffer_minutes", "min_minutes", "max_minutes")  # fmt: skip


class PremisesForm(LendableForm):
    kind = Kind.LOCAUX
    essential = ("name", "category", "summary", "territory", "capacity_seated")
    sections = (
        ("details", _("Décrire davantage"), ("description", "capacity_standing", "area_m2", "equipment",
                                             "accessibility", "parking", "part_of")),
        ("heures", _("Heures d’ouverture"), ()),
        ("remise", _("Adresse et accès"), ("address", "access_note", "pickup_instructions")),
        ("conditions", _("Conditions"), ("deposit", "insurance_required", "training_required", "conditions")),
        ("regles", _("Durées et préavis"), ("min_minutes", "max_minutes", "notice_hours", "horizon_days",
                                            "buffer_minutes", "closed_on_holidays", "recurring_allowed",
                                            "accepts_by_itself")),
    )  # fmt: skip

    equipment = LinesField(
        label=_("Ce qu’on trouve sur place"),
        help_text=_("Un par ligne : projecteur, cuisinette, 40 chaises…"),
        required=False,
    )
    accessibility = forms.MultipleChoiceField(
        label=_("Accessibilité"), choices=Accessibility.choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    class Meta(ResourceForm.Meta):
        fields = (*COMMON, *PLACED, "capacity_seated", "capacity_standing", "area_m2", "equipment", "accessibility",
                  "parking", "access_note", "recurring_allowed", "buffer_minutes", "closed_on_holidays",
                  "min_minutes", "max_minutes")  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored: dict[int, list[OpeningHours]] = {}
        if self.instance.pk:
            for h in self.instance.opening_hours.order_by("weekday", "opens_at"):
                stored.setdefault(h.weekday, []).append(h)
        self.spans = max([2, *(len(v) for v in stored.values())])
        for day, label in OpeningHours.Weekday.choices:
            for span in range(self.spans):
                known = stored.get(day, [])[span : span + 1]
                for end, words in (("o", _("ouvre à")), ("f", _("ferme à"))):
                    value = (known[0].opens_at if end == "o" else known[0].closes_at) if known else None
                    field = HourField(label=f"{label}, {words}", initial=value)
                    name = f"h{day}_{span}_{end}"
                    field.widget.attrs["class"] = "form-control form-sm"
                    self.fields[name] = field

    def week(self, span: int) -> list[tuple[Any, Any, Any]]:
        """The rows of the table: the day, its opening and its closing field."""
        return [
            (label, self[f"h{day}_{span}_o"], self[f"h{day}_{span}_f"]) for day, label in OpeningHours.Weekday.choices
        ]

    @property
    def weeks(self) -> list[list[tuple[Any, Any, Any]]]:
        return [self.week(span) for span in range(self.spans)]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.hours: list[tuple[int, Any, Any]] = []
        for day, label in OpeningHours.Weekday.choices:
            spans: list[tuple[Any, Any]] = []
            for span in range(self.spans):
                opens, closes = f"h{day}_{span}_o", f"h{day}_{span}_f"
                if opens in self.errors or closes in self.errors:
                    continue
                a, b = data.get(opens), data.get(closes)
                if a is None and b is None:
                    continue
                if a is None or b is None:
                    self.add_error(
                        opens if a is None else closes,
                        gettext("%s : il manque une heure.") % str(label).capitalize(),
                    )
                elif b <= a:
                    self.add_error(closes, gettext(
                        "%s : la fermeture suit l’ouverture. Pour minuit, écrivez 23:59."
                    ) % str(label).capitalize())  # fmt: skip
                elif any(a < y and x < b for x, y in spans):
                    self.add_error(opens, gettext("%s : les deux plages se chevauchent.") % str(label).capitalize())
                else:
                    spans.append((a, b))
            self.hours += [(day, a, b) for a, b in spans]
        return data

    def save_links(self) -> None:
        super().save_links()
        before = list(self.instance.opening_hours.values_list("weekday", "opens_at", "closes_at"))
        if sorted(before) != sorted(self.hours):
            self.instance.opening_hours.all().delete()
            OpeningHours.objects.bulk_create(
                OpeningHours(resource=self.instance, weekday=d, opens_at=a, closes_at=b) for d, a, b in self.hours
            )


class PeopleForm(ResourceForm):
    kind = Kind.HUMAIN
    essential = ("name", "category", "summary", "time_share", "schedule", "territory")
    sections = (
        ("details", _("Le rôle et l’encadrement"), ("description", "tasks", "supervision", "days_per_week",
                                                    "trial_weeks")),
        ("conditions", _("Conditions"), ("insurance_required", "conditions")),
        ("regles", _("Préavis"), ("notice_hours", "horizon_days")),
    )  # fmt: skip

    class Meta(ResourceForm.Meta):
        # a person is lent once her employer names her: never by itself
        fields = (*(name for name in COMMON if name != "accepts_by_itself"), "time_share", "schedule", "tasks",
                  "supervision", "days_per_week", "trial_weeks")  # fmt: skip
        help_texts = ResourceForm.Meta.help_texts | {
            "name": _("Une fonction, jamais le nom d’une personne : « Adjointe administrative, deux jours »."),
            "time_share": _("« deux jours par semaine », « 20 % »…"),
            "schedule": _("« mardi et jeudi », « le soir »…"),
            "supervision": _("Des fonctions, jamais de noms."),
        }


class ExpertiseForm(ResourceForm):
    kind = Kind.EXPERTISE
    essential = ("name", "category", "summary", "format", "delivery", "territory")
    sections = (
        ("details", _("Décrire davantage"), ("description", "audience", "hours_offered", "languages")),
        ("conditions", _("Conditions"), ("insurance_required", "conditions")),
        ("regles", _("Préavis"), ("notice_hours", "horizon_days", "accepts_by_itself")),
    )

    languages = forms.MultipleChoiceField(
        label=_("Langues"), choices=Language.choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    class Meta(ResourceForm.Meta):
        fields = (*COMMON, "format", "delivery", "audience", "hours_offered", "languages")
        help_texts = ResourceForm.Meta.help_texts | {
            "name": _("Ce que vous savez faire : « Aide à la rédaction d’une demande de subvention »."),
        }


FORMS: dict[str, type[ResourceForm]] = {
    Kind.MATERIEL: MaterialForm,
    Kind.LOCAUX: PremisesForm,
    Kind.HUMAIN: PeopleForm,
    Kind.EXPERTISE: ExpertiseForm,
}
