"""The editor: a draft copied, its clauses written by two; what a page read too late never does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import UserFactory
from tests.toolbox.editing import at, hidden, order, page, typed
from toolbox import editions
from toolbox.conditions import COMPARISONS
from toolbox.models import Clause, Edition, ModelAgreement

pytestmark = pytest.mark.django_db


# ---- a draft


def test_a_draft_is_a_copy_and_there_is_one(model: ModelAgreement, desk: Client, client: Client) -> None:
    before = client.get(model.get_absolute_url()).content
    for _twice in range(2):
        assert desk.post(at("edition_prepare")).status_code == 302
    first, second = model.editions.order_by("number")
    assert (second.number, second.published_at, second.variables) == (2, None, first.variables)
    fields = ("position", "key", "title", "body", "guidance", "when")
    assert list(first.clauses.values_list(*fields)) == list(second.clauses.values_list(*fields))
    assert client.get(model.get_absolute_url()).content == before


def test_dropping_a_draft_leaves_the_edition_in_force(model: ModelAgreement, draft: Edition, desk: Client) -> None:
    seen = hidden(desk.get(at("edition_discard")), "vu")
    draft.clauses.first().delete()
    assert desk.post(at("edition_discard"), {"vu": seen}).status_code == 302
    assert model.draft == draft  # someone wrote meanwhile
    desk.post(at("edition_discard"), {"vu": hidden(desk.get(at("edition_discard")), "vu")})
    assert model.draft is None
    assert model.current.number == 1
    desk.post(at("edition_prepare"))
    assert model.draft.number == 2


def test_every_page_says_so_when_there_is_no_draft(model: ModelAgreement, desk: Client) -> None:
    assert "Préparer l’édition 2" in page(desk.get(at("edition_desk")))
    clause = model.current.clauses.first()
    for address in (at("clause_add"), at("clause_move", clause.pk), at("clause_gesture", clause.pk),
                    at("edition_publish"), at("edition_discard"), at("variable_remove", "pieces")):  # fmt: skip
        answer = desk.post(address, {"apres": "0", "geste": "retirer", "title": "T", "body": "B"}, follow=True)
        assert "n’est plus en préparation" in page(answer), address
    assert Clause.objects.filter(pk=clause.pk).exists()


# ---- the order of clauses


def test_a_clause_goes_where_it_is_put(draft: Edition, desk: Client) -> None:
    keys, rows = order(draft), list(draft.clauses.all())

    def move(n: int, after: int, **more: Any) -> Any:
        seen = hidden(desk.get(at("edition_desk")), "vu")
        return desk.post(at("clause_move", rows[n].pk), {"apres": after, "vu": seen, **more})

    answer = move(2, rows[0].pk, sens="haut")
    assert order(draft) == [keys[0], keys[2], keys[1], *keys[3:]]
    shown = desk.get(answer["Location"]).content.decode()
    assert re.search(r'value="haut" autofocus>Monter<span class="vh">[^<]*' + re.escape(rows[2].title), shown)
    move(2, 0)
    assert order(draft)[0] == keys[2]
    move(2, rows[-1].pk)
    assert order(draft)[-1] == keys[2]
    assert list(draft.clauses.values_list("position", flat=True)) == list(range(1, len(keys) + 1))
    assert move(2, rows[2].pk).status_code == 302  # after itself: nothing
    assert order(draft)[-1] == keys[2]
    assert move(2, 10**9).status_code == 302
    assert desk.post(at("clause_move", rows[2].pk), {"apres": "abc"}).status_code == 404


def test_an_order_read_too_late_is_not_applied(draft: Edition, desk: Client, staff: Any) -> None:
    rows = list(draft.clauses.all())
    seen = hidden(desk.get(at("edition_desk")), "vu")
    editions.move_clause(model=draft.model, pk=rows[0].pk, after=rows[-1].pk, by=staff, seen=seen)
    stood = order(draft)
    for address, data in (
        (at("clause_move", rows[1].pk), {"apres": 0}),
        (at("clause_gesture", rows[1].pk), {"geste": "retirer", "marque": editions.clause_mark(rows[1])}),
        (at("clause_gesture", rows[1].pk), {"geste": "dupliquer"}),
    ):
        assert "Rien n’a été fait" in page(desk.post(address, {**data, "vu": seen}, follow=True))
        assert order(draft) == stood


def test_a_clause_is_duplicated_taken_away_and_put_back(draft: Edition, desk: Client) -> None:
    first = draft.clauses.first()
    keys = order(draft)

    def gesture(clause: Clause, name: str, **more: Any) -> Any:
        data = {"geste": name, "vu": hidden(desk.get(at("edition_desk")), "vu"),
                "marque": editions.clause_mark(clause), **more}  # fmt: skip
        return desk.post(at("clause_gesture", clause.pk), data)

    answer = gesture(first, "dupliquer")
    second = draft.clauses.get(position=2)
    assert answer["Location"] == at("clause_edit", second.pk)
    assert (second.body, second.key != first.key, order(draft)[2:]) == (first.body, True, keys[1:])
    gesture(first, "retirer", marque="autre")
    assert keys[0] in order(draft)  # its words changed since: kept
    gesture(first, "retirer")
    gesture(second, "retirer")
    assert order(draft) == keys[1:]
    assert list(draft.clauses.values_list("position", flat=True)) == list(range(1, len(keys)))
    shown = desk.get(at("edition_desk"))
    back = re.findall(r"/retirees/(\d+)/", shown.content.decode())[-1]  # the first one that went
    for _twice in range(2):
        desk.post(at("clause_restore", back))
    assert order(draft)[-1] == keys[0]
    assert order(draft).count(keys[0]) == 1
    assert draft.clauses.get(key=keys[0]).body == first.body
    assert desk.get(at("edition_desk")).content.decode().count("/retirees/") == 1  # its double


# ---- writing a clause


def test_a_clause_is_written_and_changed(draft: Edition, desk: Client) -> None:
    count = draft.clauses.count()
    data = {"title": " Les  clés ", "body": "Un.\r\n\r\nDeux.", "presence": "always", "guidance": "Note."}
    desk.post(at("clause_add"), data)
    made = draft.clauses.last()
    assert (made.position, made.key, made.title, made.body) == (count + 1, "les-cles", "Les clés", "Un.\n\nDeux.")
    desk.post(at("clause_add"), data)
    assert draft.clauses.last().key == "les-cles-2"
    address = at("clause_edit", made.pk)
    desk.post(address, typed(desk, address, body="Autre."))
    made.refresh_from_db()
    assert (made.body, made.key, made.guidance) == ("Autre.", "les-cles", "Note.")


def test_an_unknown_variable_is_kept_and_said_at_once(draft: Edition, desk: Client) -> None:
    address = at("clause_edit", draft.clauses.first().pk)
    body = f"{draft.clauses.first().body}\n\nSelon [[nom_du_preteur]]."
    answer = desk.post(address, typed(desk, address, body=body))
    assert answer["Location"] == f"{address}#points"
    assert draft.clauses.first().body == body  # nothing is lost
    shown = page(desk.get(answer["Location"]))
    assert "est enregistrée, mais l’édition ne peut pas être publiée" in shown
    assert "nomme « nom_du_preteur », que personne ne connaît" in shown
    # what was meant is put in its place by a button, that saves nothing
    button = re.search(r'name="remplacer" value="([^"]+)">Nom légal du prêteur<', shown)
    assert button
    answer = desk.post(address, typed(desk, address, remplacer=button[1]))
    assert answer.context["form"]["body"].value() == body.replace("nom_du_preteur", "preteur.nom")
    assert "que personne ne connaît" not in page(answer)
    assert draft.clauses.first().body == body
    mended = typed(desk, address, body=answer.context["form"]["body"].value())
    assert "deplacee=" in desk.post(address, mended)["Location"]


def test_a_clause_that_never_applies_is_said_on_its_page(draft: Edition, desk: Client) -> None:
    address = at("clause_edit", draft.clauses.first().pk)
    never = {"presence": "condition", "field": "preteur.nom", "comparison": "empty", "value": ""}
    shown = page(desk.get(desk.post(address, typed(desk, address, **never))["Location"]))
    assert "Cette clause ne paraîtra jamais : « Nom légal du prêteur » est toujours indiqué" in shown
    mended = page(desk.post(address, typed(desk, address, presence="always", apercu="1")))
    assert "ne paraîtra jamais" not in mended


def test_what_stands_in_the_way_is_told_while_one_types(draft: Edition, desk: Client) -> None:
    data = {"title": "Clés", "body": "Soit [[preteur.nim]].", "presence": "always", "apercu": "1"}
    piece = page(desk.post(at("clause_add"), data, headers={"HX-Request": "true"}))
    assert 'id="points" hx-swap-oob="true"' in piece
    assert "preteur.nim]]preteur.nom" in piece
    right = data | {"body": "Soit [[ Preteur.nom ]]."}
    piece = page(desk.post(at("clause_add"), right, headers={"HX-Request": "true"}))
    assert "que personne ne connaît" not in piece
    assert "Carrefour du Canal" in piece
    assert 'id="points"' in piece  # what was said before is taken away


@pytest.mark.parametrize(
    ("field", "comparison", "value", "kept"),
    [
        ("cout.mode", "equal", "prix", "prix"),
        ("cout.depot", "greater", "100,50", "100.50"),
        ("local.capacite", "greater", "40", 40),
        ("exigences.assurance", "equal", "false", False),
        ("periode.debut_date", "less", "2027-01-31", "2027-01-31"),
        ("periode.debut_heure", "greater", "18 h 30", "18:30"),
        ("ressource.nom", "contains", "salle", "salle"),
        ("local.equipement", "contains", "écran", "écran"),
        ("periode.recurrence_en_mots", "filled", "reste d’avant", ""),
    ],
)
def test_a_condition_is_chosen(
    draft: Edition, desk: Client, field: str, comparison: str, value: str, kept: Any
) -> None:
    address = at("clause_edit", draft.clauses.first().pk)
    chosen = {"presence": "condition", "field": field, "comparison": comparison, "value": value}
    assert desk.post(address, typed(desk, address, **chosen)).status_code == 302
    clause = draft.clauses.first()
    assert clause.when == {"field": field, "comparison": comparison, "value": kept}
    # the same form sent again changes nothing
    assert desk.post(address, typed(desk, address)).status_code == 302
    clause.refresh_from_db()
    assert clause.when == {"field": field, "comparison": comparison, "value": kept}
    assert desk.get(at("edition_publish")).context["blocking"] == []


@pytest.mark.parametrize(
    ("chosen", "wrong"),
    [
        ({"presence": "condition"}, "field"),
        ({"presence": "condition", "field": "rien.du.tout"}, "field"),
        ({"presence": "condition", "field": "cout.mode"}, "comparison"),
        ({"presence": "condition", "field": "cout.mode", "comparison": "greater", "value": "prix"}, "comparison"),
        ({"presence": "condition", "field": "cout.mode", "comparison": "equal"}, "value"),
        ({"presence": "condition", "field": "cout.mode", "comparison": "equal", "value": "troc"}, "value"),
        ({"presence": "condition", "field": "cout.depot", "comparison": "greater", "value": "cher"}, "value"),
        ({"presence": "condition", "field": "exigences.assurance", "comparison": "equal", "value": "x"}, "value"),
        ({"presence": "jamais"}, "presence"),
        ({"title": " "}, "title"),
        ({"body": " "}, "body"),
        ({"body": "<b>é" * 25_000}, "body"),
        ({"title": "x" * 141}, "title"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    draft: Edition, desk: Client, chosen: dict[str, str], wrong: str
) -> None:
    address = at("clause_edit", draft.clauses.first().pk)
    before = draft.clauses.values().first()
    answer = desk.post(address, typed(desk, address, guidance="Note gardée.", **chosen))
    assert answer.status_code == 422
    assert wrong in answer.context["form"].errors
    assert "Note gardée." in page(answer)
    if len(chosen.get("body", "")) > 20_000:
        assert "20 000 au plus" in page(answer)
        assert "&lt;b&gt;é" * 25_000 in answer.content.decode()
    assert draft.clauses.values().first() == before


def test_a_condition_becomes_another_without_a_false_conflict(draft: Edition, desk: Client) -> None:
    clause = next(c for c in draft.clauses.all() if isinstance(c.when, dict) and c.when["field"] == "cout.mode")
    address = at("clause_edit", clause.pk)
    chosen = {"presence": "condition", "field": "cout.depot", "comparison": "greater", "value": "50,00"}
    assert desk.post(address, typed(desk, address, **chosen)).status_code == 302
    clause.refresh_from_db()
    assert clause.when == {"field": "cout.depot", "comparison": "greater", "value": "50.00"}


def test_hostile_text_is_text(draft: Edition, desk: Client) -> None:
    address = at("clause_edit", draft.clauses.first().pk)
    hostile = '<script>alert(1)</script> { settings } ```{=typst}\n#read("/etc/passwd")\n``` [x](javascript:a)'
    desk.post(address, typed(desk, address, body=hostile, title="<i>Titre</i>"))
    for shown in (desk.get(address), desk.get(at("edition_desk")), desk.get(at("edition_preview"))):
        html = shown.content.decode()
        assert "<script>alert" not in html
        assert "<i>Titre" not in html
        assert 'href="javascript' not in html
    assert "paraîtront tels quels" in page(desk.get(at("edition_desk")))


# ---- without JavaScript


def test_a_variable_is_inserted_by_a_button(draft: Edition, desk: Client) -> None:
    address = at("clause_add")
    data = {"title": "Clés", "body": "Soit ", "presence": "always", "inserer": "1"}
    for picked, body in (("preteur.nom", "Soit [[preteur.nom]]"), ("nom légal du PRÊTEUR", "Soit [[preteur.nom]]"),
                         ("local.equipement", "Soit\n\n[[local.equipement]]")):  # fmt: skip
        answer = desk.post(address, {**data, "variable": picked})
        assert answer.status_code == 200
        assert answer.context["form"]["body"].value() == body
        assert answer.context["form"]["title"].value() == "Clés"
    answer = desk.post(address, {**data, "variable": "n’importe quoi"})
    assert "rien n’est inséré" in page(answer)
    assert answer.context["form"]["body"].value() == "Soit "
    assert not draft.clauses.filter(title="Clés").exists()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("cout.mode", '<option value="echange">Échange</option>'),
        ("exigences.assurance", '<option value="true">oui</option>'),
        ("cout.depot", 'inputmode="decimal"'),
        ("periode.debut_date", 'placeholder="AAAA-MM-JJ"'),
    ],
)
def test_what_is_compared_follows_the_variable(draft: Edition, desk: Client, field: str, expected: str) -> None:
    data = {"title": "", "body": "", "presence": "condition", "field": field, "montrer": "1"}
    whole = desk.post(at("clause_add"), data)
    piece = desk.post(at("clause_add"), data, headers={"HX-Request": "true"})
    for answer in (whole, piece):
        assert answer.status_code == 200
        assert expected in answer.content.decode()
        assert "invalid-feedback" not in answer.content.decode()
    assert "contains" in COMPARISONS
    assert "contains" not in piece.content.decode()  # nothing else than what fits the type
    assert "<html" not in piece.content.decode()


def test_the_preview_follows_what_is_typed_and_the_loan(draft: Edition, desk: Client) -> None:
    data = {"title": "Prix", "body": "Pour [[cout.montant]], par **[[preteur.nom]]**.", "apercu": "1", "cas": "prix"}
    piece = page(desk.post(at("clause_add"), data, headers={"HX-Request": "true"}))
    assert "Pour 40 $, par <strong>Carrefour du Canal</strong>." in piece
    assert '<span class="fill">Montant</span>' in page(desk.post(at("clause_add"), data | {"cas": "gratuit"}))
    paid, free = (page(desk.get(at("edition_preview"), {"cas": case})) for case in ("prix", "gratuit"))
    assert "Bail et loyer" in paid
    assert "Bail et loyer" not in free
    assert "Permission d’occuper" in free
    optional = draft.clauses.filter(when="optional").first()
    assert optional.title not in page(desk.get(at("edition_preview"), headers={"HX-Request": "true"}))
    chosen = desk.get(at("edition_preview"), {"facultatives": "1"}, headers={"HX-Request": "true"})
    assert optional.title in page(chosen)


# ---- two people


def test_two_people_on_one_clause_each_see_the_other(draft: Edition, desk: Client) -> None:
    other = Client()
    other.force_login(UserFactory(admin=True))
    address = at("clause_edit", draft.clauses.first().pk)
    mine, theirs = (
        typed(desk, address, body="Mon texte."),
        typed(other, address, body="Leur texte.", guidance="Leur note."),
    )
    assert other.post(address, theirs).status_code == 302
    answer = desk.post(address, mine)
    assert answer.status_code == 409
    assert "Quelqu’un d’autre a modifié" in page(answer)
    assert draft.clauses.first().body == "Leur texte."
    assert {d["mine"]: d["theirs"] for d in answer.context["differences"]}["Mon texte."] == "Leur texte."
    assert answer.context["form"]["body"].value() == "Mon texte."
    assert answer.context["form"]["guidance"].value() == "Leur note."  # she had not touched it
    again = mine | {"versions": answer.context["versions"], "guidance": "Leur note."}
    assert desk.post(address, again).status_code == 302
    assert draft.clauses.first().body == "Mon texte."


def test_two_people_on_two_clauses_do_not_meet(draft: Edition, desk: Client) -> None:
    first, second = (at("clause_edit", c.pk) for c in draft.clauses.all()[:2])
    one, two = typed(desk, first, body="Un."), typed(desk, second, body="Deux.")
    assert desk.post(first, one).status_code == 302
    assert desk.post(second, two).status_code == 302
    assert [c.body for c in draft.clauses.all()[:2]] == ["Un.", "Deux."]


def test_what_was_typed_in_a_clause_that_is_gone_is_kept(draft: Edition, desk: Client) -> None:
    clause = draft.clauses.first()
    address = at("clause_edit", clause.pk)
    data = typed(desk, address, body="Mon texte.")
    clause.delete()
    answer = desk.post(address, data)
    assert answer.status_code == 409
    assert "retiré cette clause" in page(answer)
    assert "Mon texte." in page(answer)
    assert at("clause_add") in page(answer)
