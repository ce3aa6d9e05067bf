"""What is said to have come, what is paid for, and what is too old to count without saying why."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.projects.test_linking import promised, signed_in, text_of, tied

pytestmark = pytest.mark.django_db


def page_of(partner: Any) -> str:
    return text_of(signed_in(partner.offered_by).get(reverse("participation", args=[partner.project.slug, partner.pk])))


@pytest.mark.parametrize(
    ("until", "status"), [("accepted", "promis"), ("handed_over", "venu"), ("closed", "venu")],
)  # fmt: skip
@pytest.mark.parametrize("hours", [0, 4])
def test_a_promise_has_come_once_its_loan_has(until: str, status: str, hours: int) -> None:
    partner, promise, loan = promised(until=until, hours=hours)
    tied(partner, promise, loan)
    assert f">{status}</span>" in page_of(partner)
