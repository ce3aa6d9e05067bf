"""A conditional UPDATE that gives the row back: what it says now, what it leads to now; refused when stale."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from loans.models import Loan
from mutualisation.kernel.lifecycle import AlreadyMoved, change_row
from tests.factories import OrganisationFactory, ResourceFactory, lend, some_day

pytestmark = pytest.mark.django_db


def test_the_row_says_what_the_database_says_in_one_question() -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day())
    other = ResourceFactory(organisation=loan.lender)
    lender, before = loan.lender, loan.updated_at
    Loan.objects.filter(pk=loan.pk).update(purpose="Autre chose")  # by someone else, meanwhile
    with CaptureQueriesContext(connection) as queries:
        change_row(loan, Loan.objects.filter(status="requested"), version=F("version") + 1, resource=other)
        assert (loan.version, loan.purpose, loan.resource, loan.lender) == (2, "Autre chose", other, lender)
    assert len(queries) == 1
    assert loan.lender is lender
    assert loan.updated_at > before  # what a trigger writes is read too
    read = Loan.objects.get(pk=loan.pk)
    assert {f.attname: getattr(loan, f.attname) for f in Loan._meta.concrete_fields} == {
        f.attname: getattr(read, f.attname) for f in Loan._meta.concrete_fields
    }


def test_what_was_fetched_of_it_is_fetched_again() -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day())
    loan = Loan.objects.prefetch_related("dates").get(pk=loan.pk)
    loan.dates.filter(cancelled_at=None).update(cancelled_at=loan.requested_at)
    change_row(loan, Loan.objects.all(), purpose="Autre chose")
    assert loan.dates.all()[0].cancelled_at == loan.requested_at


def test_a_row_that_no_longer_stands_so_is_refused_and_left_as_it_is() -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day())
    with pytest.raises(AlreadyMoved):
        change_row(loan, Loan.objects.filter(version=9), purpose="Autre chose")
    assert loan.purpose == Loan.objects.get(pk=loan.pk).purpose == "Fête de quartier"
