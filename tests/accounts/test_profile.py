"""Profile and consents: the phone and the agreement to keep it go together; each purpose apart."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import consents
from accounts.models import Consent
from accounts.models.consent import Purpose
from tests.accounts.people import someone
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
PROFILE = {"name": "Ana Silva", "function": "coordination", "language": "fr", "phone": ""}


def saved(client: Client, **data: str):
    return client.post("/compte/profil/", {**PROFILE, **data})


def test_the_root_of_the_account_leads_to_the_profile(client: Client) -> None:
    client.force_login(someone())
    assert client.get("/compte/").url == "/compte/profil/"


def test_the_profile_is_saved(client: Client) -> None:
    user = someone()
    client.force_login(user)
    assert saved(client).url == "/compte/profil/"
    user.refresh_from_db()
    assert (user.name, user.function, user.language) == ("Ana Silva", "coordination", "fr")


def test_a_phone_is_kept_only_with_an_agreement(client: Client) -> None:
    user = someone()
    client.force_login(user)
    page = saved(client, phone="450 555-0199").content.decode()
    assert "cochez la case, ou effacez le numéro" in page
    assert 'value="450 555-0199"' in page
    user.refresh_from_db()
    assert user.phone == ""
    saved(client, phone="450 555-0199, poste 12".replace(", poste", " poste"), keep_phone="on")
    user.refresh_from_db()
    assert user.phone == "450 555-0199 poste 12"
    assert consents.has_given(user, Purpose.PHONE)


def test_erasing_the_phone_withdraws_the_agreement_and_the_other_way_round(client: Client) -> None:
    user = someone()
    client.force_login(user)
    saved(client, phone="450 555-0199", keep_phone="on")
    saved(client, phone="", keep_phone="on")
    assert not consents.has_given(user, Purpose.PHONE)
    saved(client, phone="450 555-0199", keep_phone="on")
    client.post("/compte/accords/", {"purpose": "telephone", "action": "withdraw"})
    user.refresh_from_db()
    assert user.phone == ""
    assert Consent.objects.filter(user=user, purpose="telephone", withdrawn_at__isnull=False).count() == 2


@pytest.mark.parametrize("phone", ["abc", "12", "<script>alert(1)</script>", "450" * 20])
def test_what_is_no_phone_is_refused(client: Client, phone: str) -> None:
    user = someone()
    client.force_login(user)
    answer = saved(client, phone=phone, keep_phone="on")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    user.refresh_from_db()
    assert user.phone == ""


def test_news_is_given_and_withdrawn_and_the_record_stays(client: Client) -> None:
    user = someone()
    client.force_login(user)
    for action in ("give", "give", "withdraw", "withdraw", "give"):
        client.post("/compte/accords/", {"purpose": "nouvelles", "action": action})
    assert Consent.objects.filter(user=user, purpose="nouvelles").count() == 2
    assert consents.has_given(user, Purpose.NEWS)


def test_the_terms_go_with_the_account(client: Client) -> None:
    user = someone()
    consents.give(by=user, purpose=Purpose.TERMS)
    client.force_login(user)
    page = client.post("/compte/accords/", {"purpose": "conditions", "action": "withdraw"}, follow=True)
    assert "fermez le compte" in page.content.decode()
    assert consents.has_given(user, Purpose.TERMS)


@pytest.mark.parametrize("data", [{}, {"purpose": "x", "action": "give"}, {"purpose": "nouvelles", "action": "x"}])
def test_a_forged_form_changes_nothing(client: Client, data: dict) -> None:
    client.force_login(someone())
    page = client.post("/compte/accords/", data, follow=True).content.decode()
    assert "rien n’a changé" in page
    assert Consent.objects.get().purpose == "conditions"


def test_a_new_text_asks_for_a_new_agreement_and_keeps_the_old(client: Client, settings) -> None:
    settings.CONSENT_VERSION = "2026-11"
    user = someone()
    settings.CONSENT_VERSION = "2027-01"
    client.force_login(user)
    assert "Accepter le texte actuel" in client.get("/compte/accords/").content.decode()
    client.post("/compte/accords/", {"purpose": "conditions", "action": "give"})
    assert {c.version: c.withdrawn_at is None for c in user.consents.all()} == {"2026-11": False, "2027-01": True}


def test_nothing_of_a_person_is_on_a_public_page() -> None:
    user = someone(name="Nom Introuvable", phone="450 555-0198", function="Fonction Introuvable")
    organisation = OrganisationFactory(created_by=user)
    organisation.memberships.create(user=user, role="gestionnaire")
    page = Client().get(organisation.get_absolute_url()).content.decode()
    assert organisation.name in page
    for private in (user.name, user.phone, user.function, user.email):
        assert private not in page
