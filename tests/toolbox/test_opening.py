"""A model opened already filled: from the path, for one's organisation, for a resource; what is left is counted."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from directory.models import Membership, Visibility
from tests.factories import CategoryFactory, MembershipFactory, OrganisationFactory, ResourceFactory
from tests.kernel.documents import pdf_pages, squeezed
from tests.toolbox.test_paths import TRUCK
from toolbox import content

pytestmark = pytest.mark.django_db
HALL, PURCHASE = (
    f"/boite-a-outils/ententes/{slug}/remplir/" for slug in ("pret-de-local", "achat-regroupe-copropriete")
)


@pytest.fixture(autouse=True)
def loaded() -> None:
    content.load_agreements(settings.FIXTURE_DIRS[0])


@pytest.fixture
def mine() -> Membership:
    ours = OrganisationFactory(
        name="Le Carrefour", neq="1143567890", address="120, rue du Moulin", email="info@carrefour.example"
    )
    return MembershipFactory(organisation=ours, is_signatory=True, resolution_on="2026-03-12")


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def values(page: Any) -> dict[str, Any]:
    form = page.context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value()}


def opening(answers: dict[str, str], client: Client) -> str:
    """Where the advice leads."""
    found = re.search(r'href="([^"]+/remplir/[^"]*)"', client.get("/parcours/", answers).content.decode())
    assert found
    return unescape(found[1])


def test_the_usual_answers_of_the_model_are_proposed_unless_the_address_says_otherwise() -> None:
    page = Client().get(HALL)
    assert values(page)["delai_mediation_jours"] == "30"
    assert "Le modèle propose ses réponses d’usage" in page.content.decode()
    assert values(Client().get(f"{HALL}?delai_mediation_jours=45"))["delai_mediation_jours"] == "45"


def test_from_the_truck_for_three_to_a_model_that_says_what_is_left(mine: Membership) -> None:
    client = signed_in(mine)
    page = client.get(opening(TRUCK, client))
    known = values(page)
    assert known["forme"] == "copropriete"
    assert known["calendrier"].startswith("en continu")
    assert known["preteur.nom"] == "Le Carrefour"
    assert known["preteur.neq"] == "1143567890"
    assert known["preteur.adresse"].startswith("120, rue du Moulin")
    assert "(résolution du 12 mars 2026)" in str(known["preteur.signataires"])
    assert known["clauses-retenues"] == ["tarif"]
    assert "autres_participants-1-nom" in page.context["form"].fields
    assert "autres_participants-2-nom" not in page.context["form"].fields
    text = page.content.decode()
    sheet = page.context["sheet"]
    assert sheet.filled >= 8
    assert f"{sheet.filled} réponses sur {sheet.total}" in text
    assert "Au parcours\u00a0: «\u00a0Combien coûterait-il de le remplacer?\u00a0» Plus de 5\u00a0000\u00a0$." in text
    assert "Nom légal de l’organisme gérant" in text
    assert "prêteur" not in text.partition("<form")[2].partition("</form>")[0]


def test_a_visitor_gets_the_answers_and_nothing_of_anyone(mine: Membership) -> None:
    client = Client()
    page = client.get(opening(TRUCK, client))
    assert values(page)["forme"] == "copropriete"
    assert "Le Carrefour" not in page.content.decode()


def test_ones_organisation_goes_to_the_other_place(mine: Membership) -> None:
    client = signed_in(mine)
    page = client.get(HALL, {"pret.usage": "une fête"})
    assert values(page)["preteur.nom"] == "Le Carrefour"
    other = re.search(r'href="(\?[^"]*notre-place=emprunteur[^"]*)"', page.content.decode())
    assert other
    moved = values(client.get(HALL + unescape(other[1])))
    assert moved["emprunteur.nom"] == "Le Carrefour"
    assert moved["pret.usage"] == "une fête"
    assert "preteur.nom" not in moved
    typed = values(client.get(HALL, {"preteur.nom": "Un autre"}))
    assert typed["preteur.nom"] == "Un autre"


def test_from_a_resource_come_its_facts_and_its_terms(mine: Membership) -> None:
    hall = ResourceFactory(
        kind="locaux", category=CategoryFactory(kind="locaux"), name="Salle du Canal", capacity_standing=80,
        conditions="Ménage fait avant 22 h.\nClés à rendre.", deposit=50,
        organisation=OrganisationFactory(name="La Marmite", neq="1143567000"),
    )  # fmt: skip
    page = signed_in(mine).get(HALL, {"depuis-fiche": hall.slug})
    known = values(page)
    assert (known["ressource.nom"], known["local.capacite"], known["cout.depot"]) == ("Salle du Canal", "80", "50")
    assert known["pret.conditions"].startswith("Ménage fait avant 22 h.")
    assert (known["preteur.nom"], known["emprunteur.nom"]) == ("La Marmite", "Le Carrefour")
    assert "preteur.signataires" not in known  # who signs for another is not ours to read
    assert values(Client().get(HALL, {"depuis-fiche": hall.slug}))["ressource.nom"] == "Salle du Canal"
    purchase = values(Client().get(PURCHASE, {"depuis-fiche": hall.slug}))
    assert "ressource.nom" not in purchase


def test_a_resource_that_one_may_not_see_fills_nothing(mine: Membership) -> None:
    hidden = ResourceFactory(name="Salle cachée", visibility=Visibility.ORGANISATIONS)
    for client in (Client(), signed_in(mine)):
        for slug in (hidden.slug, "inconnue", "x\x00y"):
            page = client.get(HALL, {"depuis-fiche": slug})
            assert page.status_code == 200
            assert "Salle cachée" not in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"depuis-parcours": "\x00&&=;quoi=x"}, {"nombre-organismes": "9999"}, {"nombre-organismes": "-3"},
        {"notre-place": "ailleurs"}, {"clauses-retenues": "rien"}, {"autres_participants": "A\nB\n" * 30},
    ],
)  # fmt: skip
def test_an_odd_address_opens_the_page(mine: Membership, query: dict[str, str]) -> None:
    assert signed_in(mine).get(PURCHASE, query).status_code == 200


def test_a_third_and_a_fourth_are_added_and_sign(mine: Membership) -> None:
    client = Client()
    sent = {"nombre-organismes": "3", "autres_participants-1-nom": "Le Centre", "preteur.nom": "Le Carrefour",
            "parts": "a lui : 50 %\nb elle : 25 %\nc eux : 25 %", "forme": "copropriete"}  # fmt: skip
    page = client.post(PURCHASE, {**sent, "ajouter": "1"})
    assert "Organisme n° 4" in page.content.decode()
    assert page.context["form"]["autres_participants-1-nom"].value() == "Le Centre"
    more = {**sent, "nombre-organismes": "4", "autres_participants-2-nom": "La Ruche", "format": "pdf"}
    refused = client.post(PURCHASE, more)
    assert refused.status_code == 422
    assert "4 organismes et 3 parts" in refused.content.decode()
    shares = "\n".join(f"{who} : 25 %" for who in ("Le Carrefour", "l’organisme participant", "Le Centre", "La Ruche"))
    file = client.post(PURCHASE, {**more, "parts": shares})
    assert file.status_code == 200
    said = squeezed("".join(pdf_pages(file.content)))
    for who in ("l’organisme gérant", "l’organisme participant", "l’organisme participant, La Ruche"):
        assert squeezed(f"Pour {who}") in said
    assert squeezed("Pour chaque partenaire") not in said


def test_what_does_not_apply_is_folded_and_not_counted() -> None:
    client = Client()
    before = client.get(HALL).context["sheet"]
    page = client.get(HALL, {"cout.mode": "gratuit", "titre_hote": "proprietaire"})
    after = page.context["sheet"]
    idle = {part.key for part in after.parts if part.idle}
    assert {"c-bail", "c-frais", "c-echange", "c-locateur"} & idle
    assert after.total < before.total + 2
    assert not any(part.idle for part in after.parts if part.key == "c-permission")
    names = [f.name for part in after.parts for f in part.fields]
    assert len(names) == len(set(names))
    asked = set(page.context["form"].fields) - {"clauses-retenues"}
    assert set(names) == asked


def test_it_costs_the_same_however_much_is_known(mine: Membership) -> None:
    resource = ResourceFactory(kind="locaux", category=CategoryFactory(kind="locaux"))
    query = {"depuis-fiche": resource.slug, "depuis-parcours": "quoi=locaux"}
    for client, most in ((Client(), 10), (signed_in(mine), 17)):  # signed in: who, their session, their organisations
        client.get(HALL, query)
        counts = []
        for more in (0, 2):
            for _n in range(more):
                MembershipFactory(organisation=mine.organisation, is_signatory=True, resolution_on="2026-03-12")
            with CaptureQueriesContext(connection) as queries:
                client.get(HALL, query)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= most, [q["sql"][:90] for q in queries]
