"""The organisations of a model filled without a loan: their shares, who signs and as what, how many are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.kernel.documents import pdf_pages, squeezed
from tests.toolbox.test_opening import PURCHASE, opening
from tests.toolbox.test_paths import TRUCK
from toolbox import content
from toolbox.forms.blanks import meant, strangers

NAMED = {
    "preteur.nom": "Maison A", "emprunteur.nom": "Maison B", "autres_participants-1-nom": "Maison C",
    "nombre-organismes": "3",
}  # fmt: skip
ROLES = [("Maison A", "l’organisme gérant"), ("Maison B", "l’organisme participant"), ("Maison C", "")]


@pytest.fixture
def loaded(db: None) -> None:
    content.load_agreements(settings.FIXTURE_DIRS[0])


@pytest.mark.parametrize(
    ("who", "wrong"),
    [
        (["Maison A", "maison  b", "MAISON C"], []),
        (["organisme gérant", "L'organisme participant", "Maison C"], []),
        (["Maison A", "Maison B", "C"], ["C"]),
        (["Maison A", "l’organisme gérant", "Maison B"], ["l’organisme gérant"]),
        (["Maison A", "Maison A", "Maison C"], ["Maison A"]),
    ],
)
def test_shares_are_of_the_parties(who: list[str], wrong: list[str]) -> None:
    assert strangers(who, ROLES) == wrong


def test_a_party_without_a_name_yet_may_be_called_anything_once() -> None:
    parties = [("", "l’organisme gérant"), ("Maison B", "")]
    assert strangers(["La Halte", "Maison B"], parties) == []
    assert strangers(["La Halte", "Le Moulin"], parties) == ["Le Moulin"]


def test_a_short_name_says_which_party_is_meant() -> None:
    parties = [("Maison A", "l’organisme gérant"), ("Maison B", "l’organisme participant"), ("Maison C", "")]
    assert [meant(who, parties) for who in ("C", "gérant", "Maison", "Le Moulin", "")] == [
        "Maison C", "l’organisme gérant", "", "", "",
    ]  # fmt: skip


def shares(page: Any) -> str:
    return " ".join(page.context["form"].errors.get("parts", []))


def test_a_share_of_nobody_is_named(loaded: None, client: Client) -> None:
    typed = {**NAMED, "parts": "Maison A : 60 %\nMaison B : 30 %\nC 10 %"}
    page = client.post(PURCHASE, typed)
    assert page.status_code == 422
    assert "«\u00a0C\u00a0» n’est le nom d’aucune partie" in shares(page)
    assert "Maison A, Maison B, Maison C" in shares(page)
    assert "Voulez-vous dire «\u00a0Maison C\u00a0»?" in shares(page)
    assert "C 10 %" in page.content.decode()  # what was typed is still there
    right = {**NAMED, "parts": "Maison A : 60 %\nl’organisme participant : 30 %\nMaison C : 10 %"}
    assert not shares(client.post(PURCHASE, right))


def test_each_signs_in_its_role(loaded: None, client: Client) -> None:
    text = squeezed(" ".join(pdf_pages(client.post(PURCHASE, {**NAMED, "format": "pdf"}).content)))
    assert squeezed("Pour l’organisme gérant, Maison A") in text
    assert squeezed("Pour l’organisme participant, Maison C") in text


def test_the_others_count_and_are_counted(loaded: None, client: Client) -> None:
    def told(page: Any) -> tuple[int, int]:
        part = next(p for p in page.context["sheet"].parts if p.key == "autres_participants")
        return part.filled, part.total

    assert told(client.get(PURCHASE, {"nombre-organismes": "4"})) == (0, 2)
    assert told(client.post(PURCHASE, {**NAMED, "nombre-organismes": "4"})) == (1, 2)


def test_after_the_preview_what_was_said_on_the_path_is_still_beside(loaded: None, client: Client) -> None:
    address = opening(TRUCK, client)
    first = client.get(address).content.decode()
    sent = re.search(r'<form class="form filling" method="post" action="([^"]+)"', first)
    assert sent
    seen = client.post(sent[1].replace("&amp;", "&"), {"preteur.nom": "Maison A"}).content.decode()
    for page in (first, seen):
        assert "Vos réponses au parcours guidé sont reprises." in page
        assert "Au parcours\u00a0: «\u00a0Combien coûterait-il de le remplacer?" in page
    assert "Maison A" in seen
