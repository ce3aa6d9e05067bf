"""Freshness: who is asked when, what leaves the lists, and one click that puts everything back."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from directory import freshness
from directory.freshness import BETWEEN_STEPS, CADENCE, NEED_DAYS, ORGANISATION_DAYS, advance, confirm, confirm_path
from directory.models import Need, Organisation, Resource
from directory.tasks import keep_fresh
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 21, 14, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def lucie() -> Any:
    """A manager, and her organisation, verified lately."""
    organisation = OrganisationFactory(name="Entraide du Pont", verified_at=NOW)
    return MembershipFactory(
        organisation=organisation, role="gestionnaire", user__name="Lucie", created_at=NOW - 400 * DAY
    )


def aged(days: int, organisation: Organisation, kind: str = "materiel", **more: Any) -> Resource:
    """A resource that someone vouched for so many days ago."""
    when = NOW - days * DAY
    return ResourceFactory(organisation=organisation, kind=kind, published_at=when, verified_at=when, **more)


def a_need(organisation: Organisation, **more: Any) -> Need:
    return Need.objects.create(
        **{
            "organisation": organisation, "slug": f"besoin-{Need.objects.count()}", "kind": "materiel",
            "name": "Vingt chaises", "territory": organisation.territory, "status": "published",
            "published_at": NOW - 46 * DAY, **more,
        }
    )  # fmt: skip


def reached(entry: Any, step: str, ago: int = 15) -> Any:
    """The same entry, as it stands some days after a step."""
    states = {"archived": {"status": "archived", "freshness": "hidden"}}
    type(entry).objects.filter(pk=entry.pk).update(
        **states.get(step, {"freshness": step}), freshness_at=NOW - ago * DAY
    )
    entry.refresh_from_db()
    return entry


def follow(client: Client, entry: Any, **data: Any) -> Any:
    """Press the button of an e-mail's page, without being signed in."""
    key = f"{entry._meta.model_name}.{entry.pk}"
    return client.post(data.pop("path", None) or confirm_path(entry), {"fiche": key, **data}, follow=True)


# ---- the table


@pytest.mark.parametrize(("kind", "days"), CADENCE.items())
@pytest.mark.parametrize("late", [-1, 0, 1])
def test_each_kind_has_its_cadence(lucie: Any, kind: str, days: int, late: int) -> None:
    entry = aged(days + late, lucie.organisation, kind)
    moved = advance(NOW)
    entry.refresh_from_db()
    asked = late >= 0
    assert (entry.freshness, moved["reminded"]) == (("reminded", 1) if asked else ("fresh", 0))
    assert entry.freshness_at == (NOW if asked else None)
    assert Mail.objects.filter(to=lucie.user.email).count() == int(asked)


def test_needs_and_organisations_have_theirs(lucie: Any) -> None:
    need = a_need(lucie.organisation, published_at=NOW - NEED_DAYS * DAY)
    young = a_need(lucie.organisation, published_at=NOW - (NEED_DAYS - 1) * DAY)
    answered = a_need(lucie.organisation, published_at=NOW - 400 * DAY, state="answered")
    Organisation.objects.filter(pk=lucie.organisation.pk).update(verified_at=NOW - ORGANISATION_DAYS * DAY)
    advance(NOW)
    for entry, expected in (
        (need, "reminded"),
        (young, "fresh"),
        (answered, "fresh"),
        (lucie.organisation, "reminded"),
    ):
        entry.refresh_from_db()
        assert entry.freshness == expected, entry


@pytest.mark.parametrize(
    ("step", "after"),
    [("reminded", "second"), ("second", "hidden"), ("hidden", "archived")],
)
def test_each_step_waits_two_weeks(lucie: Any, step: str, after: str) -> None:
    early = reached(aged(200, lucie.organisation), step, ago=BETWEEN_STEPS.days - 1)
    late = reached(aged(200, lucie.organisation), step, ago=BETWEEN_STEPS.days)
    moved = advance(NOW)
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.status, early.freshness) == ("published", step)
    expected = ("archived", "hidden") if after == "archived" else ("published", after)
    assert (late.status, late.freshness, late.freshness_at) == (*expected, NOW)
    assert moved == {"archived": 0, "hidden": 0, "second": 0, "reminded": 0, after: 1}


def test_a_pass_moves_an_entry_by_one_step_and_twice_changes_nothing(lucie: Any) -> None:
    entry = aged(2000, lucie.organisation)
    for days, expected in ((0, "reminded"), (0, "reminded"), (14, "second"), (28, "hidden")):
        advance(NOW + days * DAY)
        entry.refresh_from_db()
        assert (entry.status, entry.freshness) == ("published", expected)
    advance(NOW + 42 * DAY)
    entry.refresh_from_db()
    assert entry.status == "archived"
    assert Mail.objects.filter(to=lucie.user.email).count() == 4
    assert advance(NOW + 500 * DAY)["archived"] == 0


def test_what_is_not_published_is_left_alone(lucie: Any) -> None:
    draft = aged(900, lucie.organisation, status="draft")
    closed = OrganisationFactory(status="archived", verified_at=NOW - 900 * DAY)
    of_closed = aged(900, closed)
    assert not any(advance(NOW).values())
    for entry in (draft, closed, of_closed):
        entry.refresh_from_db()
        assert (entry.freshness, entry.freshness_at) == ("fresh", None)


def test_an_organisation_leaves_the_lists_but_only_a_curator_archives_it(lucie: Any) -> None:
    organisation = reached(lucie.organisation, "hidden", ago=300)
    advance(NOW)
    organisation.refresh_from_db()
    assert (organisation.status, organisation.freshness) == ("published", "hidden")


def test_hidden_leaves_the_list_and_says_so_on_its_page(client: Client, lucie: Any) -> None:
    entry = aged(10, lucie.organisation, name="Grande tente")
    assert "Grande tente" in client.get("/ressources/").content.decode()
    for step, listed in (("reminded", True), ("second", True), ("hidden", False)):
        reached(entry, step)
        assert ("Grande tente" in client.get("/ressources/").content.decode()) is listed
        page = client.get(entry.get_absolute_url()).content.decode()
        assert "À confirmer" in page
        assert "Vérifiée" in page


# ---- who is written to


def test_one_mail_for_all_the_entries_of_an_organisation(lucie: Any) -> None:
    tent, hall = aged(200, lucie.organisation, name="Tente"), aged(400, lucie.organisation, "locaux", name="Salle")
    a_need(lucie.organisation)
    elsewhere = MembershipFactory(user=lucie.user, role="gestionnaire", organisation__verified_at=NOW)
    aged(200, elsewhere.organisation, name="Camion")
    advance(NOW)
    advance(NOW)
    mails = Mail.objects.filter(to=lucie.user.email).order_by("pk")
    assert mails.count() == 2  # one an organisation
    assert {tent.name, hall.name, "Vingt chaises"} <= set(re.findall(r"^- (.+)$", mails[0].text, re.M))
    assert "Camion" not in mails[0].text
    assert "Camion" in mails[1].text
    assert "3 fiches à confirmer" in mails[0].subject
    assert mails[0].text.count("/confirmer/") == 1
    assert "/confirmer/" in mails[0].html


def test_the_second_contact_goes_to_the_other_managers(lucie: Any) -> None:
    other = MembershipFactory(organisation=lucie.organisation, role="gestionnaire")
    member = MembershipFactory(organisation=lucie.organisation)
    by_member = aged(200, lucie.organisation, name="Tente", created_by=member.user)
    by_nobody = aged(200, lucie.organisation, name="Scie")
    for step, expected in (
        ("reminded", {member.user: [by_member], lucie.user: [by_nobody]}),
        ("second", {lucie.user: [by_member], other.user: [by_member, by_nobody]}),
        ("hidden", {member.user: [by_member], lucie.user: [by_member, by_nobody], other.user: [by_member, by_nobody]}),
    ):
        found: dict[Any, list[Any]] = {}
        for entry in (by_member, by_nobody):
            for person in freshness.contacts(step, freshness.team_of(lucie.organisation), entry):
                found.setdefault(person, []).append(entry)
        assert found == expected, step
    lone = MembershipFactory(role="gestionnaire")
    assert freshness.contacts("second", [lone], aged(200, lone.organisation)) == [lone.user]


def test_someone_who_left_or_closed_her_account_is_not_written_to(lucie: Any) -> None:
    gone = UserFactory()
    closed = MembershipFactory(organisation=lucie.organisation, role="gestionnaire", user__is_active=False)
    for author in (gone, closed.user):
        aged(200, lucie.organisation, created_by=author)
    advance(NOW)
    assert set(Mail.objects.values_list("to", flat=True)) == {lucie.user.email}


def test_a_pass_over_many_entries_costs_as_much_as_over_one(lucie: Any, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        aged(200, lucie.organisation)
    with django_assert_max_num_queries(30):
        assert advance(NOW)["reminded"] == 30


def test_nobody_left_writes_to_nobody_and_still_moves() -> None:
    entry = aged(200, OrganisationFactory(verified_at=NOW))
    advance(NOW)
    entry.refresh_from_db()
    assert entry.freshness == "reminded"
    assert not Mail.objects.exists()


def test_the_nightly_task_advances(lucie: Any) -> None:
    entry = ResourceFactory(organisation=lucie.organisation, verified_at=timezone.now() - 400 * DAY)
    keep_fresh(timestamp=0)
    entry.refresh_from_db()
    assert entry.freshness == "reminded"


# ---- one click puts everything back


@pytest.mark.parametrize("step", ["reminded", "second", "hidden", "archived"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_each_step_is_undone_in_one_click(client: Client, lucie: Any, step: str, signed_in: bool) -> None:
    entry = reached(aged(300, lucie.organisation, name="Grande tente"), step)
    path = confirm_path(entry)
    if signed_in:
        client.force_login(lucie.user)
    before = timezone.now()
    response = follow(client, entry, path=path)
    entry.refresh_from_db()
    assert (entry.status, entry.freshness, entry.freshness_at) == ("published", "fresh", None)
    assert entry.verified_at
    assert entry.verified_at >= before
    assert "C’est confirmé" in response.content.decode()
    assert "Grande tente" in client.get("/ressources/").content.decode()
    assert (entry.review_since is not None) is (step == "archived")  # it may have been edited meanwhile


def test_the_link_of_the_mail_itself_works_without_signing_in(client: Client, lucie: Any) -> None:
    entry = aged(200, lucie.organisation, name="Grande tente")
    advance(NOW)
    link = re.search(r"https?://[^/]+(/confirmer/\S+)", Mail.objects.get().text)
    assert link
    page = client.get(link[1])
    assert page.status_code == 200
    assert "Grande tente" in page.content.decode()
    assert page["Cache-Control"].find("no-store") >= 0
    entry.refresh_from_db()
    assert entry.freshness == "reminded"
    follow(client, entry, path=link[1])
    entry.refresh_from_db()
    assert entry.freshness == "fresh"


@pytest.mark.parametrize("step", ["reminded", "hidden", "archived"])
def test_opening_the_link_changes_nothing(client: Client, lucie: Any, step: str) -> None:
    entry = reached(aged(300, lucie.organisation), step)
    kept = Resource.objects.filter(pk=entry.pk).values().get()
    for _ in range(3):
        assert client.get(confirm_path(entry)).status_code == 200
        assert client.head(confirm_path(entry)).status_code == 200
    assert Resource.objects.filter(pk=entry.pk).values().get() == kept


def test_used_twice_it_says_so_and_does_nothing_more(client: Client, lucie: Any) -> None:
    entry = reached(aged(300, lucie.organisation), "reminded")
    path = confirm_path(entry)
    follow(client, entry, path=path)
    once = Resource.objects.values().get(pk=entry.pk)
    again = follow(client, entry, path=path)
    assert again.status_code == 200
    assert "déjà" in again.content.decode()
    assert Resource.objects.values().get(pk=entry.pk) == once
    reached(entry, "hidden")  # a later round: the link of the round before no longer confirms
    follow(client, entry, path=path)
    entry.refresh_from_db()
    assert entry.freshness == "hidden"


def test_an_earlier_mail_of_the_same_round_still_confirms(client: Client, lucie: Any) -> None:
    entry = reached(aged(300, lucie.organisation), "reminded")
    path = confirm_path(entry)
    reached(entry, "hidden")
    follow(client, entry, path=path)
    entry.refresh_from_db()
    assert entry.freshness == "fresh"


def test_tampered_old_and_foreign_links_say_so(client: Client, lucie: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = reached(aged(300, lucie.organisation), "reminded")
    good = confirm_path(entry)
    token = good.split("/")[2]
    payload, rest = token.split(":", 1)
    other = confirm_path(reached(aged(300, lucie.organisation), "reminded")).split("/")[2].split(":", 1)
    foreign = signing.dumps([["resource", entry.pk, "x"]], salt="autre.usage")
    for forged in (token[:-3], f"{other[0]}:{rest}", foreign, "n-importe-quoi", "é", f"{payload}A:{rest}"):
        response = client.post(f"/confirmer/{forged}/", {"fiche": f"resource.{entry.pk}"})
        assert response.status_code == 404, forged
        assert "incomplet" in response.content.decode()
    monkeypatch.setattr(freshness, "LINK_LASTS", datetime.timedelta(seconds=-1))
    old = client.post(good, {"fiche": f"resource.{entry.pk}"})
    assert old.status_code == 410
    assert "expiré" in old.content.decode()
    entry.refresh_from_db()
    assert entry.freshness == "reminded"


def test_what_someone_archived_is_not_put_back_by_a_reminder(client: Client, lucie: Any) -> None:
    entry = reached(aged(300, lucie.organisation), "hidden")
    path = confirm_path(entry)
    Resource.objects.filter(pk=entry.pk).update(status="archived")  # by hand, while out of the lists
    page = follow(client, entry, path=path)
    assert page.status_code == 200
    assert "archivée" in page.content.decode()
    entry.refresh_from_db()
    assert entry.status == "archived"


def test_the_link_of_a_deleted_entry_or_of_a_closed_organisation(client: Client, lucie: Any) -> None:
    gone, kept = aged(300, lucie.organisation), reached(aged(300, lucie.organisation), "archived")
    dead, path = confirm_path(gone), confirm_path(kept)
    gone.delete()
    assert client.get(dead).status_code == 410
    Organisation.objects.filter(pk=lucie.organisation.pk).update(status="archived")
    follow(client, kept, path=path)
    kept.refresh_from_db()
    assert kept.status == "archived"


def test_a_link_confirms_only_what_it_carries(client: Client, lucie: Any) -> None:
    mine, other = (reached(aged(300, lucie.organisation), "reminded") for _ in range(2))
    follow(client, other, path=confirm_path(mine))
    follow(client, other, path=confirm_path(mine), fiche="practice.1")
    assert not Resource.objects.filter(freshness="fresh").exists()
    follow(client, mine, path=confirm_path(mine, other), fiche="toutes")
    assert Resource.objects.filter(freshness="fresh").count() == 2


def test_a_restricted_resource_shows_its_link_holder_nothing_private(client: Client, lucie: Any) -> None:
    entry = reached(
        aged(300, lucie.organisation, visibility="organisations", pickup_instructions="Code 4321"), "reminded"
    )
    page = client.get(confirm_path(entry)).content.decode()
    assert entry.name in page
    assert "4321" not in page
    assert entry.get_absolute_url() + '"' not in page
    assert f"{entry.get_absolute_url()}modifier/" in page


def test_only_who_may_edit_confirms_in_her_own_name(lucie: Any) -> None:
    entry = reached(aged(300, lucie.organisation), "reminded")
    with pytest.raises(PermissionDenied):
        confirm(entry, by=UserFactory())
    with pytest.raises(PermissionDenied):
        confirm(entry, by=MembershipFactory(role="gestionnaire").user)
    assert confirm(entry) is False  # neither a person nor a link
    assert confirm(entry, by=lucie.user) is True
    assert entry.freshness == "fresh"


def test_stale_entries_await_in_my_space_one_click_away(client: Client, lucie: Any) -> None:
    entry = reached(aged(300, lucie.organisation, name="Grande tente"), "reminded")
    client.force_login(lucie.user)
    todo = next(t for t in client.get("/mon-espace/").context["todos"] if t.title == "Grande tente")
    assert todo.address.startswith("/confirmer/")
    client.post(todo.address, {"fiche": f"resource.{entry.pk}", "retour": "fiche"})
    assert not [t for t in client.get("/mon-espace/").context["todos"] if t.title == "Grande tente"]


def test_many_stale_entries_are_one_thing_to_do(client: Client, lucie: Any) -> None:
    other = MembershipFactory(user=lucie.user, organisation__name="Ailleurs")
    for _ in range(5):
        reached(aged(300, lucie.organisation), "second")
    reached(aged(300, other.organisation, name="Camion"), "hidden")
    client.force_login(lucie.user)
    todos = {t.title: t for t in client.get("/mon-espace/").context["todos"]}
    assert set(todos) == {"5 fiches à confirmer", "Camion"}
    client.post(todos["5 fiches à confirmer"].address, {"fiche": "toutes"})
    assert Resource.objects.filter(freshness="fresh").count() == 5
    assert [t.title for t in client.get("/mon-espace/").context["todos"]] == ["Camion"]


def test_the_history_says_from_where_and_never_the_link(client: Client, lucie: Any) -> None:
    """The link of several entries, half used, would otherwise be read by whoever reads the history."""
    one, other = (reached(aged(300, lucie.organisation), "reminded") for _ in range(2))
    follow(client, one, path=confirm_path(one, other))
    client.force_login(lucie.user)
    page = client.get(f"/historique/ressource/{one.slug}/").content.decode()
    assert "(/confirmer/)" in page
