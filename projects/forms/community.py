"""The forms of communities: the community itself, a pivot, an idea, a question to a pivot."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.organisation import dress
from directory.forms.resource import places_for
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import Organisation, Sector, Territory
from directory.taxonomies import portal_territories, sectors
from projects.models import Community, Idea, Pivot
from toolbox.models import Tool


class CommunityForm(VersionedForm):
    """Five questions; the name, the purpose and the place are all it takes."""

    sectors = forms.ModelMultipleChoiceField(
        label=_("Secteurs"),
        queryset=Sector.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Aucun : elle est ouverte à tous."),
    )

    class Meta:
        model = Community
        fields = ("name", "purpose", "territory", "sectors", "description")
        labels = {
            "name": _("Nom de la communauté"),
            "purpose": _("À quoi elle sert"),
            "territory": _("Territoire"),
            "description": _("Comment elle fonctionne"),
        }
        help_texts = {
            "purpose": _("Une phrase : qui s’y retrouve, pour quoi faire."),
            "description": _("Rythme des rencontres, qui peut s’y joindre. Une ligne vide sépare les paragraphes."),
        }
        error_messages = {
            "name": {"required": _("Donnez-lui un nom.")},
            "purpose": {"required": _("Dites à quoi elle sert.")},
            "territory": {"required": _("Choisissez un territoire.")},
        }
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 2, "maxlength": 300}),
            "description": forms.Textarea(attrs={"rows": 6, "maxlength": 5000}),
        }

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial["territory"] = self.initial.get("territory") or organisation.territory_id
        places = places_for(organisation, self.instance.territory_id)
        field = self.fields["territory"]
        field.queryset = Territory.objects.filter(pk__in=[pk for _g, rows in places for pk, _n in rows])  # type: ignore[attr-defined]
        field.widget.choices = [("", gettext("Choisissez…")), *places]
        dress(self)

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_purpose(self) -> str:
        return one_line(self.cleaned_data["purpose"])


class PivotForm(forms.ModelForm):
    """What others may ask, in which sector, on which territory."""

    class Meta:
        model = Pivot
        fields = ("function", "sector", "territory")
        labels = {
            "function": _("On peut me demander"),
            "sector": _("Secteur"),
            "territory": _("Territoire"),
        }
        help_texts = {
            "function": _("« Qui fait quoi en aide alimentaire », par exemple. Votre nom et votre adresse ne sont pas "
                          "montrés : le portail vous transmet les questions."),
        }  # fmt: skip
        error_messages = {"function": {"required": _("Dites ce qu’on peut vous demander.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mrcs = portal_territories()
        field = self.fields["territory"]
        field.queryset = Territory.objects.filter(pk__in=[n.id for n in mrcs])  # type: ignore[attr-defined]
        field.widget.choices = [("", gettext("Tout le territoire")), *((n.id, n.name) for n in mrcs)]
        self.fields["sector"].widget.choices = [
            ("", gettext("Tous les secteurs")),
            *((n.id, n.name) for n in sectors().by_id.values()),
        ]
        dress(self)


class IdeaForm(forms.ModelForm):
    class Meta:
        model = Idea
        fields = ("title", "text")
        labels = {"title": _("L’idée, en une ligne"), "text": _("Pourquoi, pour qui")}
        error_messages = {"title": {"required": _("Dites l’idée en une ligne.")}}
        widgets = {"text": forms.Textarea(attrs={"rows": 4, "maxlength": 2000})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class QuestionForm(forms.Form):
    """A question to a pivot."""

    message = forms.CharField(
        label=_("Votre question"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": 4000}),
        error_messages={"required": _("Écrivez votre question.")},
        help_text=_("Votre adresse de courriel accompagne le message, pour qu’on vous réponde."),
    )
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class ShelfForm(forms.Form):
    """A tool of the toolbox, to keep at hand."""

    tool = forms.ModelChoiceField(
        label=_("Outil"),
        queryset=Tool.objects.none(),
        to_field_name="slug",
        empty_label=_("Choisissez…"),
        error_messages={"required": _("Choisissez un outil."), "invalid_choice": _("Cet outil n’est plus publié.")},
    )
    why = forms.CharField(label=_("En quoi il nous sert"), max_length=300, required=False)

    def __init__(self, *args: Any, tools: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tool"].queryset = tools  # type: ignore[attr-defined]
        dress(self)
