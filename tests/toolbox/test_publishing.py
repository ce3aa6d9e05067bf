"""The editor: variables, publication, withdrawal, copies; who changed what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from directory.models import Organisation
from tests.factories import CuratorshipFactory, OrganisationFactory
from tests.toolbox.editing import SLUG, at, hidden, page, typed
from toolbox import editions
from toolbox.comparing import timeline
from toolbox.models import Clause, Edition, ModelAgreement

pytestmark = pytest.mark.django_db


# ---- variables


def test_a_variable_is_declared_changed_and_taken_away(draft: Edition, desk: Client) -> None:
    data = {"label": "Où sont les clés?", "type": "choice", "choices": "Chez la voisine\nAu bureau",
            "asked_of": "preteur", "help": "", "required": "on", "sample": "Au bureau"}  # fmt: skip
    assert desk.post(at("variable_add"), data).status_code == 302
    draft.refresh_from_db()
    made = draft.variables[-1]
    assert made == {
        "name": "ou_sont_les_cles", "label": "Où sont les clés?", "type": "choice", "help": "", "required": True,
        "choices": [
            {"value": "chez_la_voisine", "label": "Chez la voisine"}, {"value": "au_bureau", "label": "Au bureau"},
        ],
        "asked_of": "preteur", "sample": "au_bureau",
    }  # fmt: skip
    address = at("variable_edit", made["name"])
    desk.post(address, typed(desk, address, choices="Chez la voisine\nDans le bureau", sample="Dans le bureau"))
    draft.refresh_from_db()
    assert draft.variables[-1]["choices"][1] == {"value": "au_bureau", "label": "Dans le bureau"}
    assert draft.variables[-1]["sample"] == "au_bureau"
    assert "Dans le bureau" in page(desk.get(address))
    for usual, kept in (("Chez la voisine", "chez_la_voisine"), ("", None)):
        desk.post(address, typed(desk, address, usual=usual))
        draft.refresh_from_db()
        assert draft.variables[-1].get("usual") == kept
    clause = draft.clauses.first()
    Clause.objects.filter(pk=clause.pk).update(body=f"{clause.body} [[ou_sont_les_cles]]")
    mark = editions.variable_mark(draft.variables[-1])
    refused = desk.post(at("variable_remove", made["name"]), {"marque": mark}, follow=True)
    assert f"Enlevez-la d’abord de ces clauses : « {clause.title} »" in page(refused)
    Clause.objects.filter(pk=clause.pk).update(body=clause.body)
    assert "Rien n’a été fait" in page(desk.post(at("variable_remove", made["name"]), {"marque": "x"}, follow=True))
    desk.post(at("variable_remove", made["name"]), {"marque": mark})
    draft.refresh_from_db()
    assert made["name"] not in [v["name"] for v in draft.variables]


def test_every_declared_variable_is_said_again_as_it_stands(draft: Edition, desk: Client) -> None:
    for variable in draft.variables:
        address = at("variable_edit", variable["name"])
        assert desk.post(address, typed(desk, address)).status_code == 302, variable
    stood = draft.variables
    draft.refresh_from_db()
    for old, new in zip(stood, draft.variables, strict=True):
        same = {name: new[name] for name in old if name != "choices"}
        assert same == {name: value for name, value in old.items() if name != "choices"}
        assert new["choices"] == (old.get("choices") or [])


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"label": " "}, "label"),
        ({"type": "formule"}, "type"),
        ({"type": "choice", "choices": "un seul"}, "choices"),
        ({"type": "number", "sample": "beaucoup"}, "sample"),
        ({"type": "date", "sample": "demain"}, "sample"),
        ({"asked_of": "la voisine"}, "asked_of"),
    ],
)
def test_a_variable_that_says_nothing_is_refused(
    draft: Edition, desk: Client, changes: dict[str, str], wrong: str
) -> None:
    data = {"label": "Clés", "type": "text", "asked_of": "both", "help": "Aide gardée.", **changes}
    answer = desk.post(at("variable_add"), data)
    assert answer.status_code == 422
    assert wrong in answer.context["form"].errors
    assert "Aide gardée." in page(answer)


@pytest.mark.parametrize("usual", ["-5", "0", "10,5", "9999999", "731"])
def test_a_usual_answer_obeys_the_rules_of_the_answers(draft: Edition, desk: Client, usual: str) -> None:
    address = at("variable_edit", "bilan_jours")
    refused = desk.post(address, typed(desk, address, usual=usual))
    assert refused.status_code == 422
    assert "usual" in refused.context["form"].errors
    assert desk.post(address, typed(desk, address, usual="45")).status_code == 302
    draft.refresh_from_db()
    assert next(v["usual"] for v in draft.variables if v["name"] == "bilan_jours") == 45


def test_a_number_is_declared_with_its_bounds(draft: Edition, desk: Client) -> None:
    data = {"label": "Délai de réponse", "type": "number", "asked_of": "both", "least": "1", "most": "30"}
    for usual in ("0", "2,5", "31"):
        refused = desk.post(at("variable_add"), {**data, "usual": usual})
        assert refused.status_code == 422
        assert "usual" in refused.context["form"].errors
    unbound = {**data, "least": "", "most": ""}
    assert "usual" in desk.post(at("variable_add"), {**unbound, "usual": "9999999"}).context["form"].errors
    assert desk.post(at("variable_add"), {**data, "usual": "10"}).status_code == 302
    draft.refresh_from_db()
    made = draft.variables[-1]
    assert (made["least"], made["most"], made["usual"]) == (1, 30, 10)
    address = at("variable_edit", made["name"])
    assert desk.post(address, typed(desk, address, least="", most="", usual="2,5")).status_code == 302
    draft.refresh_from_db()
    assert not {"least", "most"} & draft.variables[-1].keys()


def test_two_people_on_one_variable(draft: Edition, desk: Client) -> None:
    name = draft.variables[0]["name"]
    address = at("variable_edit", name)
    mine, theirs = typed(desk, address, label="Mien"), typed(desk, address, label="Leur")
    assert desk.post(address, theirs).status_code == 302
    answer = desk.post(address, mine)
    assert answer.status_code == 409
    assert [(d["mine"], d["theirs"]) for d in answer.context["differences"]] == [("Mien", "Leur")]
    assert desk.post(address, mine | {"versions": answer.context["versions"]}).status_code == 302
    draft.refresh_from_db()
    assert draft.variables[0]["label"] == "Mien"
    assert draft.variables[0]["name"] == name


def test_two_people_on_the_presentation(draft: Edition, desk: Client, client: Client) -> None:
    address = at("model_presentation")
    mine, theirs = typed(desk, address, summary="Mien."), typed(desk, address, summary="Leur.")
    assert desk.post(address, theirs).status_code == 302
    answer = desk.post(address, mine)
    assert answer.status_code == 409
    assert "Leur." in page(answer)
    assert "Mien." in page(answer)
    assert desk.post(address, mine | {"versions": answer.context["versions"]}).status_code == 302
    draft.refresh_from_db()
    assert draft.summary == "Mien."


def test_what_a_model_says_of_itself_is_published_with_its_edition(
    model: ModelAgreement, draft: Edition, desk: Client, client: Client
) -> None:
    stood, address = page(client.get(model.get_absolute_url())), at("model_presentation")
    data = typed(desk, address, title="Prêt de salle", warning="Revu.")
    assert desk.post(address, data).status_code == 302
    assert page(client.get(model.get_absolute_url())) == stood  # nothing shows before
    assert "Prêt de salle" in page(desk.get(at("edition_desk")))
    shown = page(desk.get(at("edition_publish")))
    assert "Ce que le modèle dit de lui-même" in shown
    assert "Revu." in shown
    send(desk)
    assert "Revu." in page(client.get(model.get_absolute_url()))
    assert "Prêt de salle" in page(client.get(reverse("model_agreement_list")))
    first = page(client.get(reverse("model_agreement_edition", args=[SLUG, 1])))
    assert f"{model.title}</h1>" in first
    assert "Revu." not in first
    assert "Revu." in page(client.get(reverse("edition_changes", args=[SLUG, 2])))
    said = [said for moment in timeline(model, model.current) for said, _text in moment.done]
    assert said.count("Présentation, titre :") == 1


def test_the_database_holds_a_model_to_what_its_edition_says(model: ModelAgreement, draft: Edition) -> None:
    for edition in (model.current, draft):
        for name in ("title", "summary", "warning"):
            if edition == draft:
                Edition.objects.filter(pk=draft.pk).update(**{name: "Autre."})
                continue
            with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
                Edition.objects.filter(pk=edition.pk).update(**{name: "Autre."})
            with pytest.raises(DatabaseError, match="says what its edition says"), transaction.atomic():
                ModelAgreement.objects.filter(pk=model.pk).update(**{name: "Autre."})
    model.refresh_from_db()
    assert (model.title, model.summary, model.warning) == (
        model.current.title, model.current.summary, model.current.warning,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="edition_has_a_title"), transaction.atomic():
        Edition.objects.filter(pk=draft.pk).update(title="")


def test_what_was_typed_of_a_presentation_stays_when_there_is_no_more_draft(
    model: ModelAgreement, draft: Edition, desk: Client
) -> None:
    data = typed(desk, at("model_presentation"), summary="Mon résumé.")
    desk.post(at("edition_discard"), {"vu": hidden(desk.get(at("edition_discard")), "vu")})
    answer = desk.post(at("model_presentation"), data)
    assert answer.status_code == 409
    assert "n’est plus en préparation" in page(answer)
    assert "Mon résumé." in page(answer)
    assert desk.get(at("model_presentation"))["Location"] == at("edition_desk")


# ---- publishing


def send(desk: Client, text: str = "Plus clair.", **more: Any) -> Any:
    return desk.post(at("edition_publish"), {"text": text, "vu": hidden(desk.get(at("edition_publish")), "vu"), **more})


def test_publishing_replaces_the_edition_and_says_what_changes(
    model: ModelAgreement, draft: Edition, desk: Client, client: Client
) -> None:
    first = draft.clauses.first()
    Clause.objects.filter(pk=first.pk).update(title="Objet neuf", body=f"{first.body}\n\nEt plus encore.")
    answer = send(desk, " ")
    assert answer.status_code == 422
    assert "Dites ce qui change" in page(answer)
    answer = send(desk, "Plus clair <b>.")
    assert answer["Location"] == reverse("edition_changes", args=[SLUG, 2])
    shown = page(client.get(answer["Location"]))
    assert "Plus clair &lt;b&gt;." in shown
    assert re.search(r"<ins><span class=\"vh\">\[ajouté\] </span>[^<]*Et plus encore\.</ins>", shown)
    assert "Objet neuf" in page(client.get(model.get_absolute_url()))
    assert reverse("edition_changes", args=[SLUG, 2]) in page(client.get(model.get_absolute_url()))
    assert client.get(reverse("edition_changes", args=[SLUG, 1])).status_code == 404
    assert model.draft is None
    assert "n’est plus en préparation" in page(desk.post(at("clause_add"), {"title": "T"}, follow=True))


def test_what_changed_since_it_was_read_is_not_published(model: ModelAgreement, draft: Edition, desk: Client) -> None:
    seen = hidden(desk.get(at("edition_publish")), "vu")
    first = draft.clauses.first()
    Clause.objects.filter(pk=first.pk).update(body="Autre.")
    answer = desk.post(at("edition_publish"), {"text": "Mon explication.", "vu": seen})
    assert answer.status_code == 409
    assert "Mon explication." in page(answer)
    assert model.current.number == 1


def test_nothing_is_published_while_a_point_stands(model: ModelAgreement, draft: Edition, desk: Client) -> None:
    first = draft.clauses.first()
    Clause.objects.filter(pk=first.pk).update(body=f"{first.body} [[inconnue]]")
    assert "« inconnue », que personne ne connaît" in page(desk.get(at("edition_desk")))
    answer = send(desk)
    assert answer.status_code == 422
    assert "« inconnue »" in page(answer)
    assert model.current.number == 1
    Clause.objects.filter(pk=first.pk).update(body=f"{first.body}\n\nVoilà.")
    assert send(desk).status_code == 302


def test_an_edition_that_changes_nothing_is_not_published(model: ModelAgreement, draft: Edition, desk: Client) -> None:
    assert "il n’y a rien à publier" in page(desk.get(at("edition_desk")))
    shown = page(desk.get(at("edition_publish")))
    assert "il n’y a rien à publier" in shown
    assert 'btn-lg" type="submit"' not in shown
    answer = send(desk, "Pour voir.")
    assert answer.status_code == 422
    assert "Pour voir." in page(answer)
    assert model.current.number == 1
    # the order, or one word, is a change
    seen = hidden(desk.get(at("edition_desk")), "vu")
    desk.post(at("clause_move", draft.clauses.last().pk), {"apres": 0, "vu": seen})
    assert "il n’y a rien à publier" not in page(desk.get(at("edition_desk")))
    assert send(desk).status_code == 302
    assert model.current.number == 2


def test_a_withdrawn_model_is_read_and_serves_no_more(model: ModelAgreement, desk: Client, client: Client) -> None:
    assert desk.post(at("model_withdraw"), {"text": "x" * 401}).status_code == 422
    assert "Prendre ce modèle" in page(client.get(model.get_absolute_url()))
    desk.post(at("model_withdraw"), {"text": "La loi a changé."})
    shown = page(client.get(model.get_absolute_url()))
    assert "La loi a changé." in shown
    assert "Prendre ce modèle" not in shown
    assert "À remplir à la main" not in shown
    assert model not in ModelAgreement.objects.in_force()
    assert model.title not in page(client.get(reverse("model_agreement_list")))
    assert "déjà retiré" in page(desk.post(at("model_withdraw"), {"text": "Encore."}, follow=True))
    desk.post(at("model_put_back"))
    assert model in ModelAgreement.objects.in_force()
    model.refresh_from_db()
    assert model.withdrawn_reason == ""


def test_a_network_makes_its_own(model: ModelAgreement, desk: Client, client: Client, places: dict[str, Any]) -> None:
    ours = OrganisationFactory(is_network=True, territory=places["beauharnois"], name="CDC d’ici")
    theirs = OrganisationFactory(is_network=True, territory=places["chateauguay"], name="CDC d’ailleurs")
    form = desk.get(at("model_copy")).context["form"]
    assert set(form.fields["owner"].queryset) == {ours}
    for owner in (theirs.pk, "", OrganisationFactory(territory=places["beauharnois"]).pk):
        answer = desk.post(at("model_copy"), {"title": "Notre prêt", "slug": "notre-pret", "owner": owner})
        assert "owner" in answer.context["form"].errors
    taken = desk.post(at("model_copy"), {"title": "Notre prêt", "slug": SLUG, "owner": ours.pk})
    assert "Un autre modèle a cette adresse" in page(taken)
    desk.post(at("model_copy"), {"title": "Notre prêt", "slug": "notre-pret", "owner": ours.pk})
    made = ModelAgreement.objects.get(slug="notre-pret")
    assert (made.owner, made.copied_from) == (ours, model.current)
    assert made.draft.clauses.count() == model.current.clauses.count()
    assert client.get(made.get_absolute_url()).status_code == 404
    seen = hidden(desk.get(reverse("edition_publish", args=[made.slug])), "vu")
    desk.post(reverse("edition_publish", args=[made.slug]), {"text": "Pour nous.", "vu": seen})
    shown = page(client.get(made.get_absolute_url()))
    assert "Modèle de CDC d’ici." in shown
    assert "Repris de « Prêt ou location de local" in shown
    stranger = Client()
    stranger.force_login(CuratorshipFactory(territory=places["mrc-roussillon"]).user)
    assert stranger.get(reverse("edition_desk", args=[made.slug])).status_code == 403
    assert made.title not in page(stranger.get(reverse("model_desk")))
    assert made.title in page(desk.get(reverse("model_desk")))


# ---- who changed what, second factor, cost


def test_who_changed_what(draft: Edition, desk: Client, staff: Any) -> None:
    address = at("clause_edit", draft.clauses.first().pk)
    desk.post(address, typed(desk, address, title="Titre neuf"))
    seen = hidden(desk.get(at("edition_desk")), "vu")
    desk.post(at("clause_move", draft.clauses.last().pk), {"apres": 0, "vu": seen})
    shown = page(desk.get(at("edition_history", 2)))
    assert "Ordre des clauses changé." in shown
    assert "Titre neuf" in shown
    assert str(staff) in shown
    assert "Édition 2 mise en préparation." in shown
    latest = timeline(draft.model, draft)[0]
    assert [said for said, _text in latest.done] == ["Ordre des clauses changé."]


def test_the_editor_asks_for_a_second_factor(draft: Edition, desk: Client, settings: Any) -> None:
    settings.REQUIRE_STAFF_MFA = True
    for address in (at("edition_desk"), at("clause_add"), reverse("model_desk")):
        assert desk.get(address)["Location"] == reverse("mfa_index")


def test_pages_cost_the_same_whatever_they_hold(
    draft: Edition, desk: Client, staff: Any, django_assert_max_num_queries: Any
) -> None:
    def cost(address: str) -> int:
        desk.get(address)
        with django_assert_max_num_queries(10 + 5) as found:  # five are those of the session, kept up by allauth
            assert desk.get(address).status_code == 200
        return len(found)

    addresses = [at("edition_desk"), at("edition_preview"), at("clause_add"), at("edition_publish"),
                 at("edition_history", 2), reverse("model_desk")]  # fmt: skip
    many = [cost(address) for address in addresses]
    for clause in draft.clauses.all()[3:]:
        clause.delete()
    ModelAgreement.objects.exclude(pk=draft.model_id).update(position=9)
    assert [cost(address) for address in addresses] == many
    assert Organisation.objects.count() == 0
