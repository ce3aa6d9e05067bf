"""Loans in the admin: found and counted by administrators, written by nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from loans.models import Loan
from tests.factories import OrganisationFactory, ResourceFactory, UserFactory, lend, some_day

pytestmark = pytest.mark.django_db
LIST = "/admin/loans/loan/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory(admin=True))
    return client


def test_it_is_found_by_state_condition_kind_and_words(admin: Client) -> None:
    lend(ResourceFactory(name="Scie à onglets"), OrganisationFactory(name="Les Rivages"), some_day(), some_day(11))
    page = admin.get(LIST).content.decode()
    assert "Scie à onglets" in page
    assert "Les Rivages" in page
    for query in ("status__exact=requested", "q=rivages", "sorte=materiel"):
        assert "Scie à onglets" in admin.get(f"{LIST}?{query}").content.decode(), query
    for query in ("a=retard", "a=retenue", "a=incident", "q=introuvable", "status__exact=closed", "sorte=humain"):
        assert "Scie à onglets" not in admin.get(f"{LIST}?{query}").content.decode(), query


def test_the_list_costs_the_same_at_one_and_at_three(admin: Client, django_assert_num_queries: Any) -> None:
    for count in (1, 2):
        for _n in range(count):
            lend(ResourceFactory(), OrganisationFactory(), some_day(), some_day(11))
        admin.get(LIST)
        with django_assert_num_queries(12):
            admin.get(LIST)


def test_nobody_writes_and_nothing_personal_shows(admin: Client) -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day(), worker="Yvonne Prêtée")
    page = admin.get(f"{LIST}{loan.pk}/change/")
    assert page.status_code == 200
    assert "Yvonne" not in page.content.decode()
    assert loan.requested_by.email not in page.content.decode()
    before = Loan.objects.values().get(pk=loan.pk)
    for address in (f"{LIST}add/", f"{LIST}{loan.pk}/delete/"):
        assert admin.get(address).status_code == 403
        assert admin.post(address, {"post": "yes"}).status_code == 403
    assert admin.post(f"{LIST}{loan.pk}/change/", {"status": "closed"}).status_code == 403
    admin.post(LIST, {"action": "delete_selected", "_selected_action": loan.pk, "post": "yes"})
    assert Loan.objects.values().get(pk=loan.pk) == before


def test_curators_do_not_read_loans(client: Client) -> None:
    client.force_login(UserFactory(staff=True))
    assert client.get(LIST).status_code == 403
