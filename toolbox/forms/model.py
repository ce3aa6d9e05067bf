"""What a model says of itself, why an edition is published, why a model is withdrawn, one's own copy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import WrittenField
from directory.forms.organisation import dress
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import Organisation
from toolbox.models import Edition, ModelAgreement
from toolbox.permissions import networks_of


class PresentationForm(VersionedForm):
    """Title, when to use it, warning: what an edition says of itself."""

    class Meta:
        model = Edition
        fields = ("title", "summary", "warning")
        help_texts = {
            "summary": _("Deux phrases : pour quoi s’en servir, et pour quoi non."),
            "warning": _("En haut du modèle : « À faire valider par une juriste avant usage. »"),
        }
        error_messages = {
            "title": {"required": _("Donnez un titre au modèle.")},
            "summary": {"required": _("Dites quand s’en servir.")},
        }
        widgets = {"summary": forms.Textarea(attrs={"rows": 4})}
        field_classes = dict.fromkeys(fields, WrittenField)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])


class ReasonForm(forms.Form):
    """A few sentences, said to everybody."""

    text = WrittenField(max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, label: Any, help_text: Any, missing: Any, most: int = 2000, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["text"]
        field.label, field.help_text, field.error_messages["required"] = label, help_text, missing
        field.validators = [v for v in field.validators if getattr(v, "code", "") != "max_length"]
        self.most = most
        dress(self)

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].replace("\r\n", "\n").strip()
        if len(text) > self.most:
            said = gettext("Ce texte a %(n)s caractères; il en faut %(most)s au plus. Il est gardé : raccourcissez-le.")
            raise forms.ValidationError(said % {"n": len(text), "most": self.most})
        return text


class CopyForm(forms.Form):
    """A model of one's own: its title, its address, for which network."""

    title = WrittenField(label=_("Titre"), max_length=140, error_messages={"required": _("Donnez-lui un titre.")})
    slug = forms.SlugField(
        label=_("Adresse"), max_length=80, help_text=_("Des lettres sans accent, des chiffres et des traits d’union."),
        error_messages={
            "required": _("Donnez-lui une adresse."),
            "invalid": _("Seulement des lettres sans accent, des chiffres et des traits d’union."),
        },
    )  # fmt: skip
    owner = forms.ModelChoiceField(
        label=_("Pour quel réseau?"), queryset=Organisation.objects.none(),
        error_messages={"required": _("Choisissez votre réseau."), "invalid_choice": _("Choisissez votre réseau.")},
    )  # fmt: skip

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        field.queryset = networks_of(by).only("name", "slug", "territory_id", "status")
        field.required = not by.is_superuser
        self.has_networks = by.is_superuser or field.queryset.exists()
        field.empty_label = gettext("Tout le portail") if by.is_superuser else gettext("Choisissez…")
        dress(self)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"].lower()
        if ModelAgreement.objects.filter(slug=slug).exists():
            raise forms.ValidationError(gettext("Un autre modèle a cette adresse : changez-la un peu."))
        return slug
