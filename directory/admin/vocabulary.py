"""Synonyms, in the admin: a group is typed one term a line."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Func, TextField, Value
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import PortalAdmin
from directory.admin.fields import Lines
from directory.models import Synonym
from mutualisation.kernel.search import singular, words_of


def _key(term: str) -> str:
    """A term as search compares it: without case, accents or plural."""
    return " ".join(singular(word) for word in words_of(term))


class SynonymForm(forms.ModelForm):
    terms = Lines(
        label=_("Termes"),
        longest=60,
        help_text=_(
            "Un terme par ligne, deux au moins : chercher l’un trouvera aussi les autres. "
            "Majuscules, accents et pluriels sont sans importance."
        ),
    )

    class Meta:
        model = Synonym
        fields = ("terms",)

    def clean_terms(self) -> list[str]:
        """The terms, when they are at least two and no other group holds any of them."""
        terms = self.cleaned_data["terms"]
        empty = [t for t in terms if not _key(t)]
        if empty:
            raise ValidationError(_("« %(term)s » ne contient aucun mot."), params={"term": empty[0]})
        if len({" ".join(words_of(t)) for t in terms}) < 2:
            raise ValidationError(_("Un groupe compte au moins deux termes différents."))
        elsewhere = {}
        for group in Synonym.objects.exclude(pk=self.instance.pk):
            for term in group.terms:
                elsewhere.setdefault(_key(term), group)
        raise_all = [
            ValidationError(
                _("« %(term)s » est déjà dans le groupe « %(group)s » : complétez plutôt ce groupe."),
                code="elsewhere",
                params={"term": term, "group": elsewhere[_key(term)]},
            )
            for term in terms
            if _key(term) in elsewhere
        ]
        if raise_all:
            raise ValidationError(raise_all)
        return terms


@admin.register(Synonym)
class SynonymAdmin(PortalAdmin):
    form = SynonymForm
    list_display = ("group", "how_many")
    search_fields = ("terms",)
    search_help_text = _("Un mot, avec ou sans accents.")
    forget = True

    def as_text(self, column: str) -> Func:
        return Func(column, Value(" "), function="array_to_string", output_field=TextField())

    @admin.display(description=_("termes qui se valent"), ordering="terms")
    def group(self, obj: Synonym) -> str:
        return " · ".join(obj.terms)

    @admin.display(description=_("nombre"))
    def how_many(self, obj: Synonym) -> int:
        return len(obj.terms)
