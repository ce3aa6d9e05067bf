"""The history of a team, kept by the database: who came, who left, whose role or mandate changed, and by whom."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import privacy
from directory.changes import team_timeline
from directory.models import Membership, Organisation
from tests.factories import CuratorshipFactory, MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
TITLE = "Historique de l’équipe"


@pytest.fixture
def team(client: Client, places: dict[str, Any]) -> Organisation:
    """An organisation whose manager, Odile, is signed in."""
    organisation = OrganisationFactory(territory=places["beauharnois"])
    odile = MembershipFactory(organisation=organisation, role="gestionnaire", user__name="Odile")
    client.force_login(odile.user)
    return organisation


def told(organisation: Organisation) -> list[tuple[str, str]]:
    return [(m.said, m.who) for m in team_timeline(organisation)]


def test_each_change_is_told_with_its_author(client: Client, team: Organisation) -> None:
    lucie = MembershipFactory(organisation=team, user__name="Lucie")
    member = reverse("team_member", args=[team.slug, lucie.pk])
    client.post(member, {"role": "gestionnaire", "is_signatory": "on", "resolution_on": "2026-03-02"})
    client.post(member, {"role": "membre"})
    client.post(reverse("team_remove", args=[team.slug, lucie.pk]))
    assert not Membership.objects.filter(pk=lucie.pk).exists()
    # What the database did by itself has no author; the mandate and the role are two changes of one page.
    assert told(team) == [
        ("Lucie ne fait plus partie de l’organisme.", "Odile"),
        ("Lucie est maintenant membre.", "Odile"),
        ("Lucie ne peut plus signer.", "Odile"),
        ("Lucie est maintenant gestionnaire.", "Odile"),
        ("Lucie peut signer, par résolution du 2 mars 2026.", "Odile"),
        ("Lucie se joint à l’organisme : membre.", "le portail"),
        ("Odile se joint à l’organisme : gestionnaire.", "le portail"),
    ]
    page = client.get(reverse("organisation_team", args=[team.slug])).content.decode()
    assert TITLE in page
    assert "par résolution du 2 mars 2026" in page


def test_leaving_by_oneself_and_closing_an_account(client: Client, team: Organisation) -> None:
    lucie = MembershipFactory(organisation=team, user__name="Lucie Zirconium")
    hers = Client()
    hers.force_login(lucie.user)
    hers.post(reverse("organisation_leave", args=[team.slug]))
    assert told(team)[0] == ("Lucie Zirconium quitte l’organisme.", "Lucie Zirconium")
    privacy.close(by=lucie.user)
    page = client.get(reverse("organisation_team", args=[team.slug])).content.decode()
    assert "Zirconium" not in page
    assert "Une personne dont le compte est fermé quitte l’organisme." in page


def test_a_bulk_change_or_a_hand_made_one_is_kept_too(team: Organisation) -> None:
    Membership.objects.filter(organisation=team).update(is_signatory=True, resolution_on=datetime.date(2026, 1, 9))
    Membership.objects.filter(organisation=team).delete()
    assert [said for said, _who in told(team)][:2] == [
        "Odile ne fait plus partie de l’organisme.", "Odile peut signer, par résolution du 9 janvier 2026.",
    ]  # fmt: skip


def test_managers_and_curators_read_it_others_do_not(places: Any, team: Organisation) -> None:
    MembershipFactory(user__name="Quelqu’un d’ailleurs")
    readers = {
        "curator": CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user,
        "administrator": UserFactory(admin=True),
        "member": MembershipFactory(organisation=team).user,
    }
    seen = set()
    for role, user in readers.items():
        client = Client()
        client.force_login(user)
        page = client.get(reverse("organisation_team", args=[team.slug])).content.decode()
        assert "Quelqu’un d’ailleurs" not in page
        seen |= {role} if TITLE in page else set()
    assert seen == {"curator", "administrator"}
