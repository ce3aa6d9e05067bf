"""Which network accompanies the parties of an agreement: the lender's, else the borrower's, never one of them."""

from __future__ import annotations

from typing import Any

import pytest

from directory.models import Organisation, Territory
from tests.factories import OrganisationFactory
from toolbox.facts import around

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(places: dict[str, Territory]) -> tuple[Organisation, Organisation]:
    """Two organisations, each in its MRC."""
    return (OrganisationFactory(territory=places["beauharnois"]), OrganisationFactory(territory=places["chateauguay"]))


def network(name: str, where: Any, **fields: Any) -> Organisation:
    return OrganisationFactory(name=name, is_network=True, territory=where, **fields)


def test_the_network_of_the_lender_then_of_the_borrower(
    here: tuple[Organisation, Organisation], django_assert_num_queries: Any
) -> None:
    lender, borrower = here
    assert around(lender, borrower)["cdc.nom"] == ""
    network("CDC d’ailleurs", borrower.territory)
    assert around(lender)["cdc.nom"] == ""
    with django_assert_num_queries(1):
        assert around(lender, borrower)["cdc.nom"] == "CDC d’ailleurs"
    network("CDC d’ici", lender.territory)
    assert around(lender, borrower)["cdc.nom"] == "CDC d’ici"
    assert around(borrower, lender)["cdc.nom"] == "CDC d’ailleurs"


def test_nobody_mediates_its_own_case_nor_before_it_is_published(here: tuple[Organisation, Organisation]) -> None:
    _lender, borrower = here
    ours = network("CDC d’ici", borrower.territory)
    network("CDC en attente", borrower.territory, status="submitted")
    assert around(borrower)["cdc.nom"] == "CDC d’ici"
    assert around(ours, borrower)["cdc.nom"] == ""
    assert around(borrower, ours)["cdc.nom"] == ""
