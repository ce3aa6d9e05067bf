"""The form of an organisation: to register it, to change it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import read_neq
from directory.forms.places import PlaceField
from directory.forms.written import one_line
from directory.models import Organisation, Sector
from directory.registration import Said

SALT = "directory.organisation.base"


def dress(form: forms.BaseForm) -> None:
    """The classes of the design system on every widget."""
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.Select) and not isinstance(widget, forms.RadioSelect):
            widget.attrs.setdefault("class", "form-select")
        elif isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
            widget.attrs.setdefault("class", "form-check-input")
        else:
            widget.attrs.setdefault("class", "form-control")


class OrganisationForm(forms.ModelForm):
    """Public facts of an organisation: nothing here is of a person."""

    territory = PlaceField(
        label=_("Municipalité"),
        help_text=_("Là où se trouve l’organisme. Commencez à taper, ou écrivez le nom en entier."),
    )
    sectors = forms.ModelMultipleChoiceField(
        label=_("Secteurs"),
        queryset=Sector.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Ceux où l’on vous chercherait : trois suffisent."),
    )
    website = forms.URLField(
        label=_("Site Web"),
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "url"}),
        error_messages={"invalid": _("Cette adresse Web n’est pas complète : exemple.org, par exemple.")},
    )
    neq = forms.CharField(
        label=_("NEQ"),
        required=False,
        max_length=20,
        help_text=_("Numéro d’entreprise du Québec, dix chiffres. Il évite les doublons."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    postal_code = forms.CharField(
        label=_("Code postal"),
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )

    class Meta:
        model = Organisation
        fields = (
            "name", "acronym", "neq", "territory", "legal_form", "mission", "sectors", "description", "year_founded",
            "address", "postal_code", "email", "phone", "website",
        )  # fmt: skip
        labels = {
            "name": _("Nom de l’organisme"),
            "acronym": _("Sigle"),
            "legal_form": _("Forme"),
            "mission": _("Mission"),
            "description": _("Ce que fait l’organisme"),
            "year_founded": _("Année de fondation"),
            "address": _("Adresse civique"),
            "email": _("Courriel de l’organisme"),
            "phone": _("Téléphone de l’organisme"),
        }
        help_texts = {
            "name": _("Comme il s’écrit sur vos lettres patentes ou à l’entrée de vos locaux."),
            "description": _("Une ligne vide sépare les paragraphes; un tiret commence une liste."),
            "email": _("Public. Une adresse de l’organisme, pas celle d’une personne."),
            "phone": _("Public."),
            "mission": _("Une phrase : ce que fait l’organisme, pour qui."),
        }
        widgets = {
            "mission": forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
            "description": forms.Textarea(attrs={"rows": 6}),
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "year_founded": forms.TextInput(attrs={"inputmode": "numeric"}),
            "address": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "phone": forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
        }
        error_messages = {
            "name": {"required": _("Écrivez le nom de l’organisme.")},
            "mission": {"required": _("Dites en une phrase ce que fait l’organisme.")},
            "email": {"invalid": _("Cette adresse courriel n’est pas complète, comme nom@organisme.example.")},
            "year_founded": {"invalid": _("Écrivez une année en quatre chiffres.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"])
        if len(re.findall(r"[^\W\d_]", name)) < 2:
            raise forms.ValidationError(__("Écrivez le nom en toutes lettres."))
        return name

    def clean_acronym(self) -> str:
        return one_line(self.cleaned_data["acronym"])

    def clean_mission(self) -> str:
        return one_line(self.cleaned_data["mission"])

    def clean_address(self) -> str:
        return one_line(self.cleaned_data["address"])

    def clean_neq(self) -> str:
        typed = self.cleaned_data["neq"]
        neq = typed if typed == self.instance.neq else read_neq(typed)
        if neq and Organisation.objects.filter(neq=neq).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                __(
                    "Un organisme porte déjà ce NEQ : demandez plutôt à vous y joindre. "
                    "S’il ne paraît pas dans la liste, il attend sa validation : écrivez à l’équipe du portail."
                )
            )
        return neq

    def clean_postal_code(self) -> str:
        code = re.sub(r"[\s-]", "", self.cleaned_data["postal_code"]).upper()
        if code and not re.fullmatch(r"[A-Z][0-9][A-Z][0-9][A-Z][0-9]", code):
            raise forms.ValidationError(__("Un code postal s’écrit A1A 1A1."))
        return f"{code[:3]} {code[3:]}" if code else ""

    # ---- two people at once

    def said(self) -> Said:
        """What the database holds, as the page writes it: to compare and to show."""
        words: Said = {}
        for name in self.Meta.fields:
            value = self[name].field.prepare_value(self.initial.get(name))
            if name == "sectors":
                words[name] = sorted(str(getattr(s, "pk", s)) for s in value or [])
            else:
                words[name] = "" if value is None else str(value).replace("\r\n", "\n").strip()
        return words

    def typed(self) -> Said:
        """What the person typed, in the same form."""
        words: Said = {}
        for name in self.Meta.fields:
            if name == "sectors":
                words[name] = sorted(self.data.getlist(name)) if hasattr(self.data, "getlist") else []
            else:
                words[name] = str(self.data.get(name, "")).replace("\r\n", "\n").strip()
        return words

    def readable(self, name: str, value: str | list[str]) -> str:
        """A value of ``said`` or ``typed`` in words."""
        if name == "sectors":
            known = {str(pk): label for pk, label in Sector.objects.values_list("pk", "name")}
            return ", ".join(known.get(v, "") for v in value)
        if name == "legal_form":
            return str(dict(self.fields[name].choices).get(value, value))  # type: ignore[attr-defined]
        return str(value)

    def base(self) -> str:
        """What this page was drawn from, sealed: it goes with the form and comes back with it."""
        return signing.dumps(self.said(), salt=SALT, compress=True)

    @staticmethod
    def read_base(sealed: str) -> Said | None:
        try:
            return signing.loads(sealed, salt=SALT)
        except signing.BadSignature:
            return None
