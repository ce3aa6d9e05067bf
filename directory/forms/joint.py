"""Calling together those who look for the same thing: for what, and in which words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.grouping import Group
from directory.models.joint import JointWay


class JointForm(forms.Form):
    """A message ready to send, that one may change."""

    way = forms.ChoiceField(
        label=gettext_lazy("Pour faire quoi ensemble"),
        choices=JointWay.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Dites s’il s’agit d’un achat groupé ou d’un projet commun.")},
    )
    message = forms.CharField(
        label=gettext_lazy("Votre message"),
        help_text=gettext_lazy("Il part tel quel aux gestionnaires de chaque organisme. Dites comment vous joindre."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 9, "class": "form-control"}),
        error_messages={"required": gettext_lazy("Écrivez quelques mots : sans message, l’invitation ne dit rien.")},
    )

    def __init__(self, *args: Any, group: Group, sender: str, email: str, among: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"].widget.attrs["class"] = "form-check-input"
        said = {"n": len(group.organisations), "what": group.title.lower(), "who": sender, "email": email}
        asked = (
            _("Nous sommes %(n)d organismes à chercher la même chose en ce moment : %(what)s.")
            if among
            else _("Vous êtes %(n)d organismes à chercher la même chose en ce moment : %(what)s.")
        )
        talk = (
            _("Et si nous nous y mettions ensemble? Parlons-en une heure, pour voir ce qui conviendrait à chacun.")
            if among
            else _("Et si vous vous y mettiez ensemble? Parlons-en une heure, pour voir ce qui conviendrait à chacun.")
        )
        call = _("Dites-moi si cela vous intéresse : %(email)s.")
        paragraphs = (_("Bonjour,"), f"{asked} {talk}", call, "%(who)s")
        self.fields["message"].initial = "\n\n".join(paragraphs) % said
