"""The forms of a gathering: announce or change one, register, publish its minutes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.organisation import dress
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import Territory
from directory.taxonomies import portal_territories, territories, told_apart
from loans.forms.fields import ClockField, DayField, period_of
from mutualisation.kernel.moments import wall
from projects.models import Gathering


class GatheringForm(VersionedForm):
    """When, where, for how many; days and hours as on the wall."""

    day = DayField(label=_("Jour"))
    begins = ClockField(label=_("De"))
    last_day = DayField(label=_("Jusqu’au"), required=False, help_text=_("Vide : le même jour."))
    ends = ClockField(label=_("À"))

    class Meta:
        model = Gathering
        fields = ("title", "kind", "summary", "place", "territory", "link", "limit", "access", "agenda")
        labels = {
            "title": _("Titre"),
            "kind": _("Sorte"),
            "summary": _("De quoi il s’agit"),
            "place": _("Lieu"),
            "territory": _("Municipalité"),
            "link": _("Lien de connexion"),
            "limit": _("Nombre de places"),
            "access": _("Accessibilité"),
            "agenda": _("Ordre du jour"),
        }
        help_texts = {
            "limit": _("Vide : autant qu’il en vient. Au-delà, une liste d’attente se forme toute seule."),
            "link": _("Montré aux personnes inscrites seulement."),
            "access": _("Entrée, toilettes, transport, garde d’enfants…"),
            "agenda": _("Un tiret commence chaque point."),
            "place": _("Adresse, ou « en ligne »."),
        }
        error_messages = {
            "title": {"required": _("Donnez-lui un titre.")},
            "limit": {"min_value": _("Il faut au moins une place."), "invalid": _("Écrivez un nombre de places.")},
            "link": {"invalid": _("Cette adresse n’est pas complète : https://…")},
        }
        widgets = {
            "kind": forms.RadioSelect,
            "summary": forms.Textarea(attrs={"rows": 4, "maxlength": 1000}),
            "agenda": forms.Textarea(attrs={"rows": 6, "maxlength": 5000}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        if row.pk:
            start, end = wall(row.starts_at), wall(row.ends_at)
            self.initial.update({"day": start.date(), "begins": start.time(), "ends": end.time()})
            if end.date() != start.date():
                self.initial["last_day"] = end.date()
        groups = [(mrc.name, [(n.id, told_apart(n)) for n in territories().children.get(mrc.id, [])])
                  for mrc in portal_territories()]  # fmt: skip
        field = self.fields["territory"]
        field.queryset = Territory.objects.filter(pk__in=[pk for _g, rows in groups for pk, _n in rows])  # type: ignore[attr-defined]
        field.widget.choices = [("", gettext("Ailleurs, ou en ligne")), *groups]
        self.fields["limit"].validators.append(MaxValueValidator(10_000, gettext("Écrivez un nombre de places.")))
        self.fields["kind"].choices = [c for c in self.fields["kind"].choices if c[0]]  # type: ignore[attr-defined]
        self.before = {name: getattr(row, name) for name in ("starts_at", "ends_at", "place", "territory_id", "link")}
        dress(self)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        period = period_of(self, "day", "begins", "last_day", "ends")
        if period is not None:
            self.instance.starts_at, self.instance.ends_at = period.lower, period.upper
        return data

    def _post_clean(self) -> None:
        # without a period, what the database demands of it would only repeat what is said beside the fields
        if not self.errors or None not in (self.instance.starts_at, self.instance.ends_at):
            super()._post_clean()

    def changed_fields(self) -> set[str]:
        """What people who planned to come must know of: names of the model's fields."""
        return {n.removesuffix("_id") for n, value in self.before.items() if getattr(self.instance, n) != value}


class PlaceForm(forms.Form):
    """Take a place."""

    needs = forms.CharField(
        label=_("Pour bien vous accueillir"),
        max_length=300,
        required=False,
        help_text=_("Allergie, accessibilité, transport : seules les personnes qui animent le lisent."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class MinutesForm(forms.Form):
    """The minutes, in Markdown."""

    minutes = forms.CharField(
        label=_("Compte rendu"),
        max_length=20000,
        widget=forms.Textarea(attrs={"rows": 14, "maxlength": 20000}),
        error_messages={"required": _("Le compte rendu est vide : rien n’est publié.")},
        help_text=_("Public. N’y nommez personne : les organismes suffisent."),
    )
    sequence = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
