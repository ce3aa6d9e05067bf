"""Gatherings: announced, filled, the waiting list moves, who came, the minutes; nobody reads what isn't hers."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import vobject
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from directory.memberships import NotPossible
from mutualisation.kernel.lifecycle import AlreadyMoved
from projects import gatherings
from projects.models import Gathering, Registration
from projects.permissions import told_of
from tests.projects.meeting import a_community, a_gathering, joined, person

pytestmark = pytest.mark.django_db


def states(gathering: Gathering) -> list[str]:
    return list(gathering.registrations.order_by("id").values_list("status", flat=True))


def test_places_then_a_waiting_list_that_moves_by_itself() -> None:
    community, _host = a_community()
    gathering = a_gathering(community, limit=2)
    people = [person() for _n in range(4)]
    for user, organisation in people:
        gatherings.register(gathering, by=user, organisation=organisation)
    assert states(gathering) == ["registered", "registered", "waiting", "waiting"]
    gatherings.give_up(gathering, by=people[0][0])
    assert states(gathering) == ["cancelled", "registered", "registered", "waiting"]
    told = Mail.objects.filter(to=people[2][0].email).order_by("id")
    assert [mail.subject.split("\u00a0:")[0] for mail in told] == ["Liste d’attente", "Votre place est réservée"]
    assert "BEGIN:VEVENT" in told.last().calendar  # type: ignore[union-attr]
    assert not Mail.objects.filter(to=people[3][0].email, subject__startswith="Votre place").exists()


def test_twice_is_once_and_one_may_come_back_at_the_end_of_the_line() -> None:
    community, _host = a_community()
    gathering = a_gathering(community, limit=1)
    (first, one), (second, two) = person(), person()
    gatherings.register(gathering, by=first, organisation=one)
    assert gatherings.register(gathering, by=first, organisation=one).status == "registered"
    gatherings.register(gathering, by=second, organisation=two)
    gatherings.give_up(gathering, by=first)
    gatherings.give_up(gathering, by=first)
    assert gatherings.register(gathering, by=first, organisation=one).status == "waiting"
    assert states(gathering) == ["cancelled", "registered", "waiting"]


def test_more_places_go_to_the_first_in_line_and_fewer_than_people_is_refused() -> None:
    community, _host = a_community()
    gathering = a_gathering(community, limit=1)
    for user, organisation in [person() for _n in range(3)]:
        gatherings.register(gathering, by=user, organisation=organisation)
    gathering.limit = 2
    gathering.save()
    assert gatherings.move_up(gatherings.lock(gathering)) == 1
    assert states(gathering) == ["registered", "registered", "waiting"]
    with pytest.raises(DatabaseError, match="more people are registered"), transaction.atomic():
        Gathering.objects.filter(pk=gathering.pk).update(limit=1)


def test_the_database_gives_no_more_places_than_there_are() -> None:
    community, _host = a_community()
    gathering = a_gathering(community, limit=1)
    (first, one), (second, two) = person(), person()
    gatherings.register(gathering, by=first, organisation=one)
    with pytest.raises(DatabaseError, match="no place is left"), transaction.atomic():
        Registration.objects.create(gathering=gathering, user=second, organisation=two, status="registered")


def test_what_is_past_cancelled_or_in_preparation_takes_nobody() -> None:
    community, _host = a_community()
    user, organisation = person()
    for gathering in (
        a_gathering(community, days=-1), a_gathering(community, status="draft"),
        a_gathering(community, status="cancelled"),
    ):  # fmt: skip
        with pytest.raises(NotPossible):
            gatherings.register(gathering, by=user, organisation=organisation)
    waiting, their = person()
    waiting_for = OrganisationWaiting(their)
    with pytest.raises(PermissionDenied):
        gatherings.register(a_gathering(community), by=waiting, organisation=waiting_for)


def OrganisationWaiting(organisation: Any) -> Any:  # noqa: N802 - reads as what it gives
    organisation.status = "submitted"
    organisation.save()
    return organisation


def test_moves_are_those_of_the_table() -> None:
    community, host = a_community()
    draft = a_gathering(community, status="draft", place="12, rue du Moulin")
    stranger, _own = person()
    with pytest.raises(PermissionDenied):
        gatherings.announce(draft, by=stranger)
    member, _organisation = joined(community)
    gatherings.announce(draft, by=host)
    assert Mail.objects.filter(to=member.email, subject__contains="inscriptions ouvertes").count() == 1
    with pytest.raises(AlreadyMoved):
        gatherings.announce(draft, by=host)
    gatherings.register(draft, by=member, organisation=_organisation)
    gatherings.cancel(draft, by=host, note="Tempête")
    mail = Mail.objects.get(to=member.email, subject__startswith="Annulée")
    assert "Tempête" in mail.text
    assert "METHOD:CANCEL" in mail.calendar
    with pytest.raises(AlreadyMoved):
        gatherings.cancel(draft, by=host)
    with pytest.raises(DatabaseError), transaction.atomic():
        Gathering.objects.filter(pk=draft.pk).update(status="announced")


def test_who_came_and_the_minutes(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community)
    member, organisation = joined(community)
    registration = gatherings.register(gathering, by=member, organisation=organisation)
    with pytest.raises(NotPossible):
        gatherings.count_present(gathering, by=host, present=[registration.pk])
    Gathering.objects.filter(pk=gathering.pk).update(
        starts_at=timezone.now() - datetime.timedelta(hours=3), ends_at=timezone.now() - datetime.timedelta(hours=1)
    )
    gathering.refresh_from_db()
    assert gatherings.count_present(gathering, by=host, present=[registration.pk, 0]) == 1
    with pytest.raises(NotPossible):
        gatherings.publish_minutes(gathering, by=host, text="  ", sequence=gathering.sequence)
    text = "On **s’entend** <script>alert(1)</script>"
    gatherings.publish_minutes(gathering, by=host, text=text, sequence=gathering.sequence)
    with pytest.raises(AlreadyMoved):
        gatherings.publish_minutes(gathering, by=host, text="autre", sequence=0)
    page = client.get(gathering.get_absolute_url()).content.decode()
    assert "<strong>s’entend</strong>" in page
    assert "<script>alert" not in page
    assert organisation.name in page
    assert member.name not in page
    assert Mail.objects.filter(to=member.email, subject__startswith="Compte rendu").count() == 1


def test_names_and_the_link_are_for_who_should(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community, link="https://visio.example/secret", limit=1)
    member, organisation = joined(community)
    gatherings.register(gathering, by=member, organisation=organisation, needs="allergie aux noix")
    late, their = joined(community)
    gatherings.register(gathering, by=late, organisation=their)
    address, file = gathering.get_absolute_url(), reverse("gathering_file", args=[gathering.pk])
    for user, sees_link, sees_names in ((None, 0, 0), (member, 1, 1), (late, 0, 0), (host, 0, 1)):
        if user:
            client.force_login(user)
        page = client.get(address).content.decode()
        assert ("visio.example/secret" in page) == sees_link, user
        assert ("allergie aux noix" in page) == sees_names, user
        assert ("visio.example/secret" in client.get(file).content.decode()) == sees_link, user


def test_calendars_are_read_by_another_program(client: Client) -> None:
    community, _host = a_community()
    a_gathering(community, title="Atelier; budget, « serré »", place="12, rue du Moulin")
    a_gathering(community, title="Secret de préparation", status="draft")
    a_gathering(community, title="Passée", days=-30)
    for address in (reverse("community_calendar", args=[community.slug]), reverse("gathering_calendar")):
        calendar = vobject.readOne(client.get(address).content.decode())
        assert [e.summary.value for e in calendar.vevent_list] == ["Passée", "Atelier; budget, « serré »"]


@pytest.mark.parametrize("n", [1, 3])
def test_the_page_costs_the_same_for_three_as_for_one(client: Client, n: int, django_assert_num_queries: Any) -> None:
    community, host = a_community()
    gathering = a_gathering(community, limit=2)
    for user, organisation in [joined(community) for _n in range(n)]:
        gatherings.register(gathering, by=user, organisation=organisation)
    with django_assert_num_queries(2):
        client.get(gathering.get_absolute_url())
    client.force_login(host)
    client.get("/mon-espace/")  # the session is known from then on
    with django_assert_num_queries(12):  # seven are the session’s
        client.get(gathering.get_absolute_url())


def test_spaces_that_do_not_break_stay_where_they_were_typed(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community)
    client.force_login(host)
    address = reverse("gathering_edit", args=[gathering.pk])
    sent = {"title": "Atelier\u00a0:  un\tbudget à 5\u00a0$", "kind": "atelier", "day": "2027-03-02", "begins": "18 h",
            "ends": "20 h", "limit": ""}  # fmt: skip
    assert client.post(address, sent).status_code == 302
    gathering.refresh_from_db()
    assert gathering.title == "Atelier\u00a0: un budget à 5\u00a0$"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "2026-01-05"}, "Ce moment est passé"),
        ({"day": "2027-02-29"}, "n’existe pas"),
        ({"ends": "17 h"}, "La fin vient avant le début"),
        ({"day": "2027-03-14", "begins": "02:30", "ends": "04:00"}, "n’existe pas"),
        ({"limit": "0"}, "au moins une place"),
        ({"limit": "99999999999"}, "nombre de places"),
        ({"title": ""}, "Donnez-lui un titre."),
        ({"link": "pas une adresse"}, "Cette adresse n’est pas complète"),
    ],
)
def test_bad_input_is_said_in_one_sentence(client: Client, typed: dict[str, str], said: str) -> None:
    community, host = a_community()
    client.force_login(host)
    sent = {"title": "Atelier", "kind": "atelier", "day": "2027-03-02", "begins": "18 h", "ends": "20 h", **typed}
    answer = client.post(reverse("gathering_create", args=[community.slug]), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Gathering.objects.exists()


def test_an_announced_gathering_is_not_moved_to_what_is_gone(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community)
    client.force_login(host)
    sent = {
        "title": "Atelier",
        "kind": "atelier",
        "day": "2026-01-05",
        "begins": "18 h",
        "ends": "20 h",
    }
    answer = client.post(reverse("gathering_edit", args=[gathering.pk]), sent)
    assert answer.status_code == 422
    assert "choisissez un moment à venir" in answer.content.decode()
    gathering.refresh_from_db()
    assert gathering.is_open


def test_who_moves_a_gathering_reads_whether_others_are_told(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community, days=20, title="Atelier")
    member, organisation = joined(community)
    client.force_login(host)
    address = reverse("gathering_edit", args=[gathering.pk])
    changes = (("place", "Salle 2", False), ("agenda", "- Accueil", False), ("place", "Ailleurs", True))
    for field, value, said in changes:
        if field == "agenda":  # from here on, someone has a place
            gatherings.register(gathering, by=member, organisation=organisation)
        form = client.get(address).context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        page = client.post(address, {**sent, field: value}, follow=True).content.decode()
        assert "Vos changements sont enregistrés" in page
        assert ("l’apprennent par courriel" in page) is said


def test_a_draft_whose_day_has_passed_asks_for_another_before_it_is_announced(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community, status="draft", days=-3, place="12, rue du Moulin")
    client.force_login(host)
    page = client.get(gathering.get_absolute_url()).content.decode()
    assert "changez-la avant de l’annoncer" in page
    assert "Annoncer la rencontre" not in page
    shown = client.get(community.get_absolute_url()).context
    assert [g.pk for g in shown["coming"]] == [gathering.pk]  # something to mend, not something held
    sent = {
        "title": "Atelier",
        "kind": "atelier",
        "begins": "18 h",
        "ends": "20 h",
        "place": "Salle 2",
    }
    for day, status in (("2026-01-05", 422), ("2027-03-02", 302)):
        answer = client.post(reverse("gathering_edit", args=[gathering.pk]), {**sent, "day": day})
        assert answer.status_code == status
    assert "Annoncer la rencontre" in client.get(gathering.get_absolute_url()).content.decode()


def test_prepared_twice_by_a_double_click_it_is_one(client: Client) -> None:
    community, host = a_community()
    client.force_login(host)
    sent = {"title": "Atelier", "kind": "atelier", "day": "2027-03-02", "begins": "18 h", "ends": "20 h"}
    for _twice in range(2):
        answer = client.post(reverse("gathering_create", args=[community.slug]), sent)
        assert answer.url == Gathering.objects.get().get_absolute_url()


def test_who_has_a_place_still_reads_it_when_the_community_is_archived(client: Client) -> None:
    community, _host = a_community()
    gathering = a_gathering(community, status="announced")
    member, organisation = joined(community)
    gatherings.register(gathering, by=member, organisation=organisation)
    community.status = "archived"
    community.save()
    assert client.get(gathering.get_absolute_url()).status_code == 404
    client.force_login(member)
    page = client.get(gathering.get_absolute_url())
    assert page.status_code == 200
    assert f'href="{community.get_absolute_url()}"' not in page.content.decode()


def test_attendance_is_told_by_organisation(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community)
    first, one = joined(community)
    second, _same = joined(community, one)
    third, other = joined(community)
    places = [gatherings.register(gathering, by=u, organisation=o) for u, o in ((first, one), (second, one))]
    gatherings.register(gathering, by=third, organisation=other)
    began = timezone.now() - datetime.timedelta(hours=3)
    Gathering.objects.filter(pk=gathering.pk).update(starts_at=began, ends_at=began + datetime.timedelta(hours=1))
    client.force_login(host)
    address = reverse("gathering_attendance", args=[gathering.pk])
    client.post(address, {"present": [place.pk for place in places]})
    assert client.get(gathering.get_absolute_url()).context["attended"] == [(one, 2)]


@pytest.mark.parametrize("name", ["gathering_register", "gathering_give_up", "gathering_move", "gathering_minutes"])
def test_the_address_of_a_button_leads_to_the_gathering(client: Client, name: str) -> None:
    community, _host = a_community()
    gathering = a_gathering(community)
    member, organisation = joined(community)
    gatherings.register(gathering, by=member, organisation=organisation)
    client.force_login(member)
    assert client.get(reverse(name, args=[gathering.pk])).url == gathering.get_absolute_url()
    assert states(gathering) == ["registered"]


def test_what_was_not_held_has_neither_attendance_nor_minutes_and_a_place_is_kept_once_it_began(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community)
    member, organisation = joined(community)
    place = gatherings.register(gathering, by=member, organisation=organisation)
    began = timezone.now() - datetime.timedelta(hours=1)
    Gathering.objects.filter(pk=gathering.pk).update(starts_at=began)
    client.force_login(member)
    answer = client.post(reverse("gathering_give_up", args=[gathering.pk]), follow=True)
    assert "La rencontre a commencé" in answer.content.decode()
    assert states(gathering) == ["registered"]
    gatherings.cancel(gathering, by=host)
    gathering.refresh_from_db()
    with pytest.raises(NotPossible, match="pas été tenue"):
        gatherings.count_present(gathering, by=host, present=[place.pk])
    with pytest.raises(NotPossible, match="pas été tenue"):
        gatherings.publish_minutes(gathering, by=host, text="Rien", sequence=gathering.sequence)


def test_announcements_say_how_to_stop_them() -> None:
    community, host = a_community()
    member, _organisation = joined(community)
    gatherings.announce(a_gathering(community, status="draft", place="12, rue du Moulin"), by=host)
    mail = Mail.objects.get(to=member.email, subject__contains="inscriptions ouvertes")
    assert "Ne plus recevoir les annonces" in mail.html
    (address,) = re.findall(r"https?://[^/]+(/communautes/courriels/\S+)", mail.text)
    visitor = Client()
    assert community.name in visitor.get(address).content.decode()
    assert member in told_of(community)  # a program that opens links stops nothing
    assert "Vous ne recevrez plus les annonces" in visitor.post(address).content.decode()
    assert member not in told_of(community)
    assert community.members.filter(user=member).exists()
    assert visitor.post("/communautes/courriels/abime/").status_code == 404


def test_places_are_told_as_they_are_counted(client: Client) -> None:
    community, _host = a_community()
    gathering = a_gathering(community, limit=1)
    member, organisation = joined(community)
    gatherings.register(gathering, by=member, organisation=organisation)
    assert "Complet\u00a0: la seule place est prise" in client.get(gathering.get_absolute_url()).content.decode()
    Gathering.objects.filter(pk=gathering.pk).update(starts_at=timezone.now() - datetime.timedelta(hours=1))
    page = client.get(gathering.get_absolute_url()).content.decode()
    assert "En cours" in page
    assert "Complet" not in page
