"""What is typed in an agreement or in a model is what its page and its documents show; none of it is cut."""

from __future__ import annotations

import html

import pytest
from django import forms
from django.test import Client

from directory.forms.fields import WrittenField
from loans import agreements, papers
from loans.forms.agreement import ChangeForm
from loans.forms.gesture import MessageForm
from loans.forms.signing import ContestForm, RefuseForm, SignForm
from loans.models import Agreement, Side
from tests.factories import ResourceFactory
from tests.kernel.documents import pdf_pages, squeezed
from tests.loans.lending import accepted, lender_of, models_in_force, told
from toolbox.composing import Blank
from toolbox.forms.blanks import field_of
from toolbox.forms.clause import ClauseForm
from toolbox.forms.model import PresentationForm, ReasonForm
from toolbox.forms.variable import VariableForm

REVERSED = "Clés \u202eà gauche\u202c du \u2066quai\u2069\u200f"
READ = "Clés à gauche du quai"


@pytest.mark.django_db
def test_marks_that_reverse_the_order_are_not_kept() -> None:
    models_in_force()
    loan = accepted(ResourceFactory(kind="locaux", name="Salle \u202edu Canal"))
    agreement = agreements.current(loan)
    assert agreement
    name = next(
        b.name for b in agreements.lacks_of(agreement, Side.LENDER) if b.type in ("text", "long") and not b.check
    )
    told(agreement, Side.LENDER)
    client = Client()
    client.force_login(lender_of(loan))
    address = f"{agreement.get_absolute_url()}changer/"
    form = client.get(address).context["form"]
    sent = {n: "" if form[n].value() is None else form[n].value() for n in form.fields}
    sent |= {n: "aucun" for n in sent if n.endswith(".neq")}
    done = client.post(address, {**sent, name: REVERSED, "note": REVERSED, "version": agreement.version})
    assert done.status_code == 302, done.context["form"].errors
    agreement = Agreement.objects.get(pk=agreement.pk)
    assert agreement.values[name] == READ
    assert agreement.values["ressource.nom"] == "Salle du Canal"
    assert agreement.versions.latest("number").note == READ
    page = html.unescape(client.get(agreement.get_absolute_url()).content.decode())
    article = page[page.index('id="texte"') :]
    document = squeezed(" ".join(pdf_pages(papers.issue(agreement))))
    for said in (READ, "Salle du Canal"):
        assert squeezed(said) in squeezed(article)
        assert squeezed(said) in document


def test_a_name_and_lines_are_kept_as_they_read() -> None:
    form = SignForm(
        {"name": "Camille\u202e Exemple", "function": "direction\u2067", "accepts": "on"},
        statement="Je signe.", named=False, coded=False,
    )  # fmt: skip
    assert form.is_valid()
    assert (form.cleaned_data["name"], form.cleaned_data["function"]) == ("Camille Exemple", "direction")
    assert field_of(Blank("x", "X", "list"), demanded=True).clean("\u202eun\r\ndeux\u2069") == ["un", "deux"]
    spaces = "25\u00a0$ de 9\u202fh, \U0001f469\u200d\U0001f33e"  # what joins stays
    assert field_of(Blank("x", "X", "long"), demanded=True).clean(spaces) == spaces


@pytest.mark.parametrize(
    "form", [ChangeForm, RefuseForm, ContestForm, MessageForm, ClauseForm, PresentationForm, ReasonForm, VariableForm]
)
def test_a_long_text_is_not_cut_in_its_field(form: type[forms.Form]) -> None:
    fields = [f for f in form.base_fields.values() if isinstance(f.widget, forms.Textarea)]
    assert fields
    for field in fields:
        assert isinstance(field, WrittenField)
        assert "maxlength" not in field.widget.attrs


def test_what_is_too_long_is_said_and_kept() -> None:
    form = RefuseForm({"reason": "a\r\n" * 1000})  # a line break counts once
    assert form.is_valid()
    form = RefuseForm({"reason": "b" * 2001})
    assert not form.is_valid()
    assert "Écrivez au plus 2000 caractères\u00a0: ce texte en a 2001." in form.errors["reason"][0]
    assert form["reason"].value() == "b" * 2001
