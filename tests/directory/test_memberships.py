"""Who may do what in a team: role × situation → what happens, and who is told."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from directory.memberships import (
    NotPossible,
    answer_request,
    ask_to_join,
    change_role,
    leave,
    leave_everything,
    remove,
    set_signatory,
    withdraw_request,
)
from directory.models import JoinRequest, Membership, Organisation
from tests.factories import (
    CuratorshipFactory,
    JoinRequestFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MANAGER = "gestionnaire"
LATE = datetime.timedelta(days=5, minutes=1)


@pytest.fixture
def town(places: dict[str, Any]) -> dict[str, Any]:
    """One organisation with a manager and a member; its curator; people who have nothing to do with it."""
    here, there = places["salaberry-de-valleyfield"], places["chateauguay"]
    org = OrganisationFactory(territory=here, name="La Marmite solidaire")
    other = OrganisationFactory(territory=here, name="Radio des Trois-Lacs")
    return {
        "org": org,
        "other": other,
        "gestionnaire": MembershipFactory(organisation=org, role=MANAGER).user,
        "membre": MembershipFactory(organisation=org).user,
        "gestionnaire d’un autre": MembershipFactory(organisation=other, role=MANAGER).user,
        "inconnue": UserFactory(),
        "curatrice": CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user,
        "curatrice d’ailleurs": CuratorshipFactory(territory=there).user,
        "administration": UserFactory(admin=True),
    }


def told(template_event: str) -> set[str]:
    return set(Mail.objects.filter(event__startswith=template_event).values_list("to", flat=True))


def manager_of(org: Organisation) -> set[int]:
    return set(Membership.objects.filter(organisation=org, role=MANAGER).values_list("user_id", flat=True))


# ---- asking, claiming, answering

ANSWERS = [  # who, managed?, late? → may answer
    ("gestionnaire", True, False, True),
    ("gestionnaire", True, True, True),
    ("membre", True, True, False),
    ("gestionnaire d’un autre", True, True, False),
    ("inconnue", True, True, False),
    ("curatrice", True, False, False),
    ("curatrice", True, True, True),
    ("curatrice", False, False, True),
    ("curatrice d’ailleurs", True, True, False),
    ("curatrice d’ailleurs", False, False, False),
    ("administration", True, False, True),
]


@pytest.mark.parametrize(("who", "managed", "late", "may"), ANSWERS)
def test_who_answers_a_request(town: dict[str, Any], who: str, managed: bool, late: bool, may: bool) -> None:
    if not managed:
        Membership.objects.filter(organisation=town["org"]).delete()
    when = timezone.now() - (LATE if late else datetime.timedelta(0))
    asked = JoinRequestFactory(organisation=town["org"], created_at=when)
    if not may:
        with pytest.raises(PermissionDenied):
            answer_request(request=asked, accepted=True, by=town[who])
        assert not Membership.objects.filter(user=asked.user).exists()
        return
    member = answer_request(request=asked, accepted=True, by=town[who])
    assert member is not None
    assert member.role == ("membre" if managed else MANAGER)
    assert told(f"join-answered:{asked.pk}") == {asked.user.email}


def test_nobody_answers_her_own_claim(town: dict[str, Any]) -> None:
    orphan = OrganisationFactory(territory=town["org"].territory)
    asked = ask_to_join(organisation=orphan, by=town["curatrice"])
    with pytest.raises(PermissionDenied):
        answer_request(request=asked, accepted=True, by=town["curatrice"])


def test_a_request_goes_to_managers_a_claim_to_curators(town: dict[str, Any]) -> None:
    asked = ask_to_join(organisation=town["org"], by=town["inconnue"], message="Je suis la trésorière.")
    assert told(f"join-requested:{asked.pk}") == {town["gestionnaire"].email}
    assert "trésorière" in Mail.objects.get(event=f"join-requested:{asked.pk}").text
    orphan = OrganisationFactory(territory=town["org"].territory)
    claim = ask_to_join(organisation=orphan, by=town["inconnue"])
    assert told(f"join-requested:{claim.pk}") == {town["curatrice"].email}


def test_asked_twice_is_once(town: dict[str, Any]) -> None:
    first = ask_to_join(organisation=town["org"], by=town["inconnue"])
    assert ask_to_join(organisation=town["org"], by=town["inconnue"]) == first
    assert Mail.objects.filter(event=f"join-requested:{first.pk}").count() == 1


def test_the_second_answer_is_refused_politely(town: dict[str, Any]) -> None:
    asked = JoinRequestFactory(organisation=town["org"], created_at=timezone.now() - LATE)
    answer_request(request=asked, accepted=False, by=town["curatrice"], note="Nous ne vous connaissons pas.")
    for second in ("gestionnaire", "curatrice"):
        with pytest.raises(NotPossible, match="déjà reçu une réponse"):
            answer_request(request=asked, accepted=True, by=town[second])
    assert not Membership.objects.filter(user=asked.user).exists()


def test_a_member_has_nothing_to_ask_and_a_flood_stops(town: dict[str, Any]) -> None:
    with pytest.raises(NotPossible, match="déjà membre"):
        ask_to_join(organisation=town["org"], by=town["membre"])
    for _n in range(10):
        ask_to_join(organisation=OrganisationFactory(), by=town["inconnue"])
    with pytest.raises(NotPossible, match="10 demandes"):
        ask_to_join(organisation=town["org"], by=town["inconnue"])


def test_only_its_author_withdraws_a_request(town: dict[str, Any]) -> None:
    asked = JoinRequestFactory(organisation=town["org"])
    with pytest.raises(PermissionDenied):
        withdraw_request(request=asked, by=town["gestionnaire"])
    withdraw_request(request=asked, by=asked.user)
    with pytest.raises(NotPossible):
        answer_request(request=asked, accepted=True, by=town["gestionnaire"])


# ---- roles and mandates


@pytest.mark.parametrize("who", ["membre", "gestionnaire d’un autre", "inconnue", "curatrice"])
def test_only_its_managers_change_a_team(town: dict[str, Any], who: str) -> None:
    target = Membership.objects.get(user=town["membre"])
    with pytest.raises(PermissionDenied):
        change_role(membership=target, role=MANAGER, by=town[who])
    with pytest.raises(PermissionDenied):
        set_signatory(membership=target, signatory=True, resolution_on=timezone.localdate(), by=town[who])
    with pytest.raises(PermissionDenied):
        remove(membership=target, by=town[who])
    target.refresh_from_db()
    assert (target.role, target.is_signatory) == ("membre", False)


def test_an_organisation_keeps_a_manager(town: dict[str, Any]) -> None:
    only = Membership.objects.get(user=town["gestionnaire"])
    with pytest.raises(NotPossible, match="au moins une personne gestionnaire"):
        change_role(membership=only, role="membre", by=town["gestionnaire"])
    change_role(membership=Membership.objects.get(user=town["membre"]), role=MANAGER, by=town["gestionnaire"])
    change_role(membership=only, role="membre", by=town["gestionnaire"])
    assert manager_of(town["org"]) == {town["membre"].pk}


def test_a_mandate_bears_the_date_of_its_resolution(town: dict[str, Any]) -> None:
    target, by = Membership.objects.get(user=town["membre"]), town["gestionnaire"]
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    for wrong in (None, tomorrow):
        with pytest.raises(NotPossible):
            set_signatory(membership=target, signatory=True, resolution_on=wrong, by=by)
    assert set_signatory(membership=target, signatory=True, resolution_on=datetime.date(2026, 9, 8), by=by).is_signatory
    assert set_signatory(membership=target, signatory=False, by=by).resolution_on is None


# ---- leaving


def test_the_last_manager_cant_leave_silently(town: dict[str, Any]) -> None:
    only = Membership.objects.get(user=town["gestionnaire"])
    with pytest.raises(NotPossible, match="dernière personne gestionnaire"):
        leave(membership=only, by=town["gestionnaire"])
    stranger = Membership.objects.get(user=town["gestionnaire d’un autre"])
    with pytest.raises(NotPossible, match="ne fait pas partie"):
        leave(membership=only, by=town["gestionnaire"], successor=stranger)
    assert manager_of(town["org"]) == {town["gestionnaire"].pk}


def test_handing_over_leaves_no_orphan(town: dict[str, Any]) -> None:
    heir = Membership.objects.get(user=town["membre"])
    leave(membership=Membership.objects.get(user=town["gestionnaire"]), by=town["gestionnaire"], successor=heir)
    town["org"].refresh_from_db()
    assert manager_of(town["org"]) == {town["membre"].pk}
    assert town["org"].orphan_since is None
    assert not told("orphan:")


def test_an_orphan_is_flagged_to_its_curators_until_someone_takes_it(town: dict[str, Any]) -> None:
    leave(membership=Membership.objects.get(user=town["gestionnaire"]), by=town["gestionnaire"], orphan=True)
    town["org"].refresh_from_db()
    assert town["org"].orphan_since is not None
    assert told("orphan:") == {town["curatrice"].email}
    claim = ask_to_join(organisation=town["org"], by=town["inconnue"])
    answer_request(request=claim, accepted=True, by=town["curatrice"])
    town["org"].refresh_from_db()
    assert town["org"].orphan_since is None
    assert manager_of(town["org"]) == {town["inconnue"].pk}


def test_closing_an_account_tells_the_curators_too(town: dict[str, Any]) -> None:
    JoinRequestFactory(user=town["gestionnaire"], organisation=town["other"])
    leave_everything(by=town["gestionnaire"])
    assert told("orphan:") == {town["curatrice"].email}
    assert not JoinRequest.objects.waiting().exists()


def test_the_database_itself_flags_an_orphan(town: dict[str, Any]) -> None:
    town["gestionnaire"].delete()
    town["org"].refresh_from_db()
    assert town["org"].orphan_since is not None


def test_nobody_leaves_for_someone_else(town: dict[str, Any]) -> None:
    with pytest.raises(PermissionDenied):
        leave(membership=Membership.objects.get(user=town["membre"]), by=town["gestionnaire"], orphan=True)


# ---- the pages

PAGES = [  # page, who → status
    ("organisation_team", "inconnue", 403),
    ("organisation_team", "gestionnaire d’un autre", 403),
    ("organisation_team", "curatrice d’ailleurs", 403),
    ("organisation_team", "membre", 200),
    ("organisation_team", "curatrice", 200),
    ("organisation_team", "gestionnaire", 200),
    ("organisation_edit", "inconnue", 403),
    ("organisation_edit", "membre", 403),
    ("organisation_edit", "gestionnaire d’un autre", 403),
    ("organisation_edit", "gestionnaire", 200),
    ("organisation_edit", "curatrice", 200),
    ("organisation_join", "inconnue", 200),
    ("organisation_join", "membre", 302),
    ("organisation_leave", "inconnue", 404),
    ("organisation_leave", "gestionnaire", 200),
]


@pytest.mark.parametrize(("page", "who", "status"), PAGES)
def test_who_opens_which_page(client: Client, town: dict[str, Any], page: str, who: str, status: int) -> None:
    JoinRequestFactory(organisation=town["org"], message="Message privé d’une personne.")
    client.force_login(town[who])
    response = client.get(reverse(page, args=[town["org"].slug]))
    assert response.status_code == status
    if status == 403:
        assert town["membre"].email not in response.content.decode()
        assert "Message privé" not in response.content.decode()


def test_before_validation_a_stranger_learns_nothing(client: Client, town: dict[str, Any]) -> None:
    Organisation.objects.filter(pk=town["org"].pk).update(status="submitted")
    for who in ("inconnue", "gestionnaire d’un autre", "curatrice d’ailleurs"):
        client.force_login(town[who])
        for page in ("organisation_team", "organisation_edit", "organisation_join", "organisation_leave"):
            assert client.get(reverse(page, args=[town["org"].slug])).status_code == 404
    client.force_login(town["curatrice"])
    assert client.get(reverse("organisation_team", args=[town["org"].slug])).status_code == 200


def test_members_see_no_address_of_others(client: Client, town: dict[str, Any]) -> None:
    page = reverse("organisation_team", args=[town["org"].slug])
    client.force_login(town["membre"])
    assert town["gestionnaire"].email not in client.get(page).content.decode()
    client.force_login(town["gestionnaire"])
    assert town["membre"].email in client.get(page).content.decode()


def test_forged_ids_of_another_organisation(client: Client, town: dict[str, Any]) -> None:
    """A manager here sends, through her own team's addresses, the ids of what belongs to another organisation."""
    client.force_login(town["gestionnaire"])
    theirs = Membership.objects.get(user=town["gestionnaire d’un autre"])
    asked = JoinRequestFactory(organisation=town["other"], created_at=timezone.now() - LATE)
    slug = town["org"].slug
    for name, pk, data in (
        ("team_member", theirs.pk, {"role": "membre"}),
        ("team_remove", theirs.pk, {}),
        ("team_answer", asked.pk, {"accepted": "oui", "role": MANAGER}),
    ):
        assert client.post(reverse(name, args=[slug, pk]), data).status_code == 404
        assert client.post(reverse(name, args=[town["other"].slug, pk]), data).status_code == 403
    mine = Membership.objects.get(user=town["gestionnaire"])
    form = client.post(reverse("organisation_leave", args=[slug]), {"successor": theirs.pk})
    assert form.status_code == 422
    assert "ne fait pas partie" in form.content.decode()
    theirs.refresh_from_db()
    assert theirs.role == MANAGER
    assert Membership.objects.filter(pk=mine.pk).exists()
    assert not Membership.objects.filter(user=asked.user).exists()


def test_a_team_by_its_pages(client: Client, town: dict[str, Any]) -> None:
    """Ask, be accepted, be given a mandate, take over."""
    org, newcomer = town["org"], town["inconnue"]
    client.force_login(newcomer)
    for _twice in range(2):
        client.post(reverse("organisation_join", args=[org.slug]), {"message": "Bonjour !"})
    assert JoinRequest.objects.count() == 1
    assert "en attente" in client.get(reverse("organisation_join", args=[org.slug])).content.decode()
    client.force_login(town["gestionnaire"])
    assert "Bonjour !" in client.get(reverse("organisation_team", args=[org.slug])).content.decode()
    asked = JoinRequest.objects.get()
    client.post(reverse("team_answer", args=[org.slug, asked.pk]), {"accepted": "oui", "role": "membre"})
    member = Membership.objects.get(user=newcomer)
    page = reverse("team_member", args=[org.slug, member.pk])
    refused = client.post(page, {"role": "membre", "is_signatory": "on", "resolution_on": "demain"})
    assert refused.status_code == 422
    assert "Écrivez la date ainsi" in refused.content.decode()
    assert 'value="demain"' in refused.content.decode()
    client.post(page, {"role": "membre", "is_signatory": "on", "resolution_on": "2026-09-08"})
    member.refresh_from_db()
    assert member.is_signatory
    leaving = reverse("organisation_leave", args=[org.slug])
    assert client.post(leaving, {}).status_code == 422
    client.post(leaving, {"successor": member.pk})
    assert manager_of(org) == {newcomer.pk}


# ---- at the same moment


@pytest.mark.django_db(transaction=True)
def test_two_last_managers_leaving_together_dont_leave_silently() -> None:
    """Each sees the other still there; the second is asked again."""
    org = OrganisationFactory()
    both = [MembershipFactory(organisation=org, role=MANAGER) for _n in range(2)]
    start = threading.Barrier(2)

    def go(membership: Membership) -> str:
        try:
            start.wait()
            leave(membership=membership, by=membership.user)
            return "left"
        except NotPossible:
            return "asked"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, both)) == ["asked", "left"]
    assert len(manager_of(org)) == 1
