"""What signing asks for: one sentence that is accepted, a reason, where a link goes, who signed on paper."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import WrittenField
from loans import scans
from loans.forms.request import dressed
from loans.models import Agreement
from loans.notifications.signing import name_of, unsigned
from loans.permissions import SIDE_OF, organisation_of, signatories_of
from mutualisation.kernel.search import words_of


class Dressed(forms.Form):
    """Fields as the style sheets know them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dressed(self)


class SignForm(Dressed):
    """One sentence that one accepts; in which function. The name is the account's, asked where it has none."""

    name = WrittenField(
        label=gettext_lazy("Votre nom"), max_length=120,
        help_text=gettext_lazy("Prénom et nom, comme vous signez."),
        error_messages={"required": gettext_lazy("Écrivez votre nom : il figure sur l’entente.")},
    )  # fmt: skip
    function = WrittenField(
        label=gettext_lazy("À quel titre"), max_length=120,
        help_text=gettext_lazy("Votre fonction : « direction générale », « présidence »."),
        error_messages={"required": gettext_lazy("Dites à quel titre vous signez : cela figure sur l’entente.")},
    )  # fmt: skip
    accepts = forms.BooleanField(
        error_messages={"required": gettext_lazy("Cochez la phrase : c’est elle qui dit que vous signez.")}
    )
    code = WrittenField(label=gettext_lazy("Code reçu par courriel"), max_length=12, required=False)

    def __init__(self, *args: Any, statement: str, named: bool, coded: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accepts"].label = statement
        if named:
            del self.fields["name"]
        if coded:
            dress_code(self.fields["code"])
        else:
            del self.fields["code"]


def dress_code(field: forms.Field) -> None:
    """Typed by hand: figures, offered by the telephone that received them."""
    field.required = True
    field.error_messages["required"] = _("Tapez le code reçu par courriel.")
    field.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}


class PersonForm(Dressed):
    """The person lent: her name, the sentence, the code. ``who`` is the name that the link was sent to."""

    name = WrittenField(
        label=gettext_lazy("Votre nom"), max_length=120,
        help_text=gettext_lazy("Prénom et nom, comme vous signez."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Écrivez votre nom : il figure sur l’entente.")},
    )  # fmt: skip
    accepts = forms.BooleanField(
        error_messages={"required": gettext_lazy("Cochez la phrase : c’est elle qui dit que vous signez.")}
    )
    code = WrittenField(label=gettext_lazy("Code reçu par courriel"), max_length=12, required=False)

    def __init__(self, *args: Any, who: str, statement: str, coded: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.who = who
        self.fields["accepts"].label = statement
        if coded:
            dress_code(self.fields["code"])
        else:
            del self.fields["code"]

    def clean_name(self) -> str:
        """Every word of the name that her employer gave; others may be added (a middle name)."""
        typed: str = self.cleaned_data["name"]
        if not set(words_of(self.who)) <= set(words_of(typed)):
            raise forms.ValidationError(
                _("Ce lien est celui de %(who)s : écrivez ce nom pour signer. Si ce n’est pas le vôtre, ne signez "
                  "pas, et dites-le à l’organisme qui vous a écrit.") % {"who": self.who}
            )  # fmt: skip
        return typed


class RefuseForm(Dressed):
    """Why one does not sign: the other parties read it."""

    reason = WrittenField(
        label=gettext_lazy("Pourquoi"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Les autres parties le liront, et cela reste au journal."),
        error_messages={"required": gettext_lazy("Dites pourquoi, en une ligne : les autres parties attendent.")},
    )  # fmt: skip


class LinkForm(Dressed):
    """Where the personal link goes."""

    name = WrittenField(
        label=gettext_lazy("Nom de la personne"), max_length=120,
        error_messages={"required": gettext_lazy("Écrivez le nom de la personne prêtée.")},
    )  # fmt: skip
    email = forms.EmailField(
        label=gettext_lazy("Son adresse courriel"), max_length=254,
        help_text=gettext_lazy("La sienne, pas une adresse partagée : le code pour signer y est envoyé aussi."),
        error_messages={
            "required": gettext_lazy("Donnez l’adresse courriel de la personne."),
            "invalid": gettext_lazy("Cette adresse n’est pas complète : écrivez-la comme « nom@organisme.example »."),
        },
    )  # fmt: skip


class PaperForm(Dressed):
    """Who signed on paper, for each party that had not signed yet. The file is read by the view.

    Those who may sign are offered; another name is sent once the sentence that says so is ticked.
    """

    def __init__(self, *args: Any, agreement: Agreement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agreement, self.parties = agreement, unsigned(agreement)
        self.known: dict[str, list[str]] = {}
        for party in self.parties:
            who = name_of(agreement, party)
            organisation = party in SIDE_OF
            label = (
                _("Qui a signé pour « %(us)s »") if organisation else _("Nom de la personne prêtée, comme elle signe")
            )
            self.fields[f"{party}_name"] = WrittenField(
                label=label % {"us": who} if organisation else label, max_length=120,
                initial="" if organisation else agreement.loan.worker,
                error_messages={"required": _("Écrivez le nom de qui a signé.")},
            )  # fmt: skip
            if organisation:
                people = [str(person) for person in signatories_of(organisation_of(agreement.loan, SIDE_OF[party]))]
                self.known[f"signataires-{party}"] = people
                name = self.fields[f"{party}_name"]
                name.widget.attrs |= {"list": f"signataires-{party}", "autocomplete": "off"}
                if people:
                    name.help_text = _("Signataires autorisés : %(people)s.") % {"people": ", ".join(people)}
                self.fields[f"{party}_function"] = WrittenField(
                    label=_("À quel titre, pour « %(us)s »") % {"us": who}, max_length=120,
                    error_messages={"required": _("Écrivez la fonction de qui a signé.")},
                )  # fmt: skip
        dressed(self)

    def clean(self) -> None:
        """Who signed without being known to may is said before it is sent."""
        if self.errors or not (strangers := scans.unlisted(self.agreement, self.signers())) or "aware" in self.data:
            return
        label = _("%(strangers)s L’autre organisme devra le vérifier : j’envoie quand même.")
        self.fields["aware"] = forms.BooleanField(label=label % {"strangers": " ".join(strangers)})
        self.add_error("aware", _("Corrigez le nom, ou cochez la phrase pour envoyer quand même."))
        dressed(self)

    def signers(self) -> dict[str, dict[str, str]]:
        """{party: {name, function}}."""
        return {
            party: {
                "name": self.cleaned_data[f"{party}_name"],
                "function": self.cleaned_data.get(f"{party}_function", ""),
            }
            for party in self.parties
        }


class ContestForm(Dressed):
    """What is wrong with the scan."""

    reason = WrittenField(
        label=gettext_lazy("Ce qui ne va pas"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("L’autre organisme le lira et pourra en envoyer une autre."),
        error_messages={"required": gettext_lazy("Dites ce qui ne va pas : une page manque, une signature, un nom.")},
    )  # fmt: skip
