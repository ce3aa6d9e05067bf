"""What can't be had is told once, for its true reason, where it can be changed; what else is offered serves alike."""

from __future__ import annotations

import datetime
import html
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory import alternatives, calendar, closing
from directory.models import ExceptionalHours, Reason, Resource
from loans import proposals, requests
from loans.models import Loan, LoanStatus
from loans.recurrence import in_words
from mutualisation.kernel.moments import day_in_words, moment, span, wall, whole_days
from tests.factories import CategoryFactory, MembershipFactory, ResourceFactory
from tests.loans.lending import accepted, begun, lender_of
from tests.loans.test_loan_pages import World, day
from toolbox import content
from toolbox.composing import blanks_of, lacking
from toolbox.models import Clause

pytestmark = pytest.mark.django_db


def months() -> Any:
    """Every day to come that counts, from soon on."""
    return span(timezone.now() + datetime.timedelta(days=3), moment(timezone.localdate() + TEN_WEEKS, MIDNIGHT))


TEN_WEEKS, MIDNIGHT = datetime.timedelta(weeks=10), datetime.time()


def page_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_what_is_in_repair_is_said_to_be_and_only_what_serves_alike_is_offered() -> None:
    family = CategoryFactory(slug="bureautique")
    screens, printers = CategoryFactory(slug="ecrans", parent=family), CategoryFactory(slug="autres", parent=family)
    world = World(quantity=1, category=screens)
    ours = {"organisation": world.resource.organisation, "kind": "materiel", "territory": world.resource.territory}
    chairs = ResourceFactory(name="Cinquante chaises", category=CategoryFactory(slug="fetes"), **ours)
    printer = ResourceFactory(name="Imprimante", category=printers, **ours)
    loan = world.asked()
    lender = world.people["lender"]
    proposals.propose(loan, by=lender, side="lender", periods=[day(11)], quantity=1)
    closing.block(resource=world.resource, period=months(), quantity=1, reason=Reason.REPAIR, by=lender)
    loan.refresh_from_db()
    response = world.do("borrower", loan, "agree")
    assert response.status_code == 409
    page = page_of(response)
    back = day_in_words(timezone.localdate() + TEN_WEEKS - datetime.timedelta(days=1), "j F")
    assert f"c’est en réparation, jusqu’au\u00a0{back}" in page
    assert "c’est déjà pris" not in page
    assert chairs.name not in page
    assert printer.name not in page  # of the same family, and nothing that the title names
    screen = ResourceFactory(name="Autre écran", category=screens, **ours)
    page = page_of(world.do("borrower", loan, "agree"))
    assert f"?ressource={screen.pk}" in page
    assert printer.name not in page
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.COUNTERED


def test_repairs_of_units_of_parts_and_without_an_end_are_said_as_they_are() -> None:
    chairs = ResourceFactory(kind="materiel", quantity=10)
    hall = ResourceFactory(kind="locaux", quantity=1)
    half = ResourceFactory(kind="locaux", quantity=1, part_of=hall, organisation=hall.organisation)

    def put_aside(resource: Resource, quantity: int, until: Any) -> None:
        period = span(day(1).lower, until)
        by = MembershipFactory(organisation=resource.organisation).user
        closing.block(resource=resource, period=period, quantity=quantity, reason=Reason.REPAIR, by=by)

    put_aside(chairs, 3, day(20).upper)
    put_aside(half, 1, None)

    def said(resource: Resource) -> str:
        found = closing.repair_during(resource, day(5))
        assert found
        return closing.repair_words(found, resource)

    assert said(chairs).startswith("3 sont en réparation, jusqu’au")
    assert said(half) == "c’est en réparation, on ne sait pas encore jusqu’à quand"
    assert said(hall) == "une de ses parties est en réparation, on ne sait pas encore jusqu’à quand"
    assert closing.repair_during(chairs, day(21)) is None


def test_of_a_family_only_what_the_title_names_is_offered_and_it_comes_first() -> None:
    kitchen = CategoryFactory(slug="cuisine")
    dishes, cold = (CategoryFactory(slug=slug, parent=kitchen) for slug in ("vaisselle", "froid"))
    mine = ResourceFactory(kind="materiel", name="Vaisselle réutilisable pour 120 personnes", category=dishes)
    ResourceFactory(kind="materiel", name="Quatre congélateurs, 120 personnes", category=cold)
    cart = ResourceFactory(kind="materiel", name="Chariot à vaisselle", category=cold)
    cups = ResourceFactory(kind="materiel", name="Deux cents verres", category=dishes)
    broad = ResourceFactory(kind="materiel", name="Assiettes et vaisselle", category=kitchen)

    def offered(resource: Resource) -> list[str]:
        return [r.name for r in alternatives.comparable(resource, day(10), 1, among=Resource.objects.all())]

    assert offered(mine) == [cart.name, broad.name, cups.name]
    assert offered(broad) == [mine.name, cart.name]  # a category that holds others says little by itself
    ways = alternatives.for_series(mine, [day(10), day(17)], 1, 0, among=Resource.objects.all())
    assert {each.name for each, _n in ways.resources} == {cart.name, broad.name, cups.name}


@pytest.mark.parametrize(
    ("title", "things"),
    [
        ("Vaisselle réutilisable pour 120 personnes", ["vaissell"]), ("Cinquante chaises pliantes", ["chais"]),
        ("Cinéma en plein air : écran gonflable et projecteur", ["cinema", "ecran", "projecteur"]),
        ("Petite remorque isolée, 6 pieds", ["remorqu"]), ("12", []),
    ],
)  # fmt: skip
def test_the_things_that_a_title_names(title: str, things: list[str]) -> None:
    assert alternatives.things_of(title) == things


def test_the_nearest_of_the_same_use_come_first_in_two_questions(django_assert_num_queries: Any) -> None:
    mine = ResourceFactory(kind="materiel", latitude=45.3, longitude=-74.0)
    near, far, nearest = (
        ResourceFactory(kind="materiel", category=mine.category, latitude=45.3 + north, longitude=-74.0)
        for north in (0.2, 0.4, 0.1)
    )
    accepted(nearest, day(10))
    alternatives.comparable(mine, day(10), 1, among=Resource.objects.all())  # the trees are read once
    with django_assert_num_queries(3):  # with the photos of those found
        found = alternatives.comparable(mine, day(10), 1, among=Resource.objects.all())
    assert [each.pk for each in found] == [near.pk, far.pk]


# ---- asking


def asking(client: Client, resource: Resource, **more: str) -> Any:
    membership = MembershipFactory(role="gestionnaire")
    client.force_login(membership.user)
    first = timezone.localdate() + datetime.timedelta(days=10)
    sent = {
        "borrower": str(membership.organisation_id), "starts_on": first.isoformat(), "starts_at": "10:00",
        "ends_on": "", "ends_at": "12:00", "every": "once", "quantity": "1", "purpose": "Fête", "message": "",
        "handling": "retrait", "once": "3d0c3f0e-0000-4000-8000-000000000001", **more,
    }  # fmt: skip
    return client.post(reverse("loan_request", args=[resource.slug]), sent)


def test_a_quantity_that_is_too_large_is_told_once_beside_the_quantity(client: Client) -> None:
    chairs = ResourceFactory(kind="materiel", quantity=50)
    accepted(chairs, day(10), quantity=5)
    errors = asking(client, chairs, quantity="51").context["form"].errors
    assert {name: list(said) for name, said in errors.items()} == {
        "quantity": ["Il n’en reste que 45 libres à ce moment-là."]
    }
    errors = asking(client, ResourceFactory(kind="materiel", quantity=50), quantity="51").context["form"].errors
    assert list(errors["quantity"]) == ["Il y en a 50 en tout, pas 51."]
    assert "starts_on" not in errors


def test_a_day_that_is_closed_is_told_once(client: Client) -> None:
    hall = ResourceFactory(kind="locaux", quantity=1, recurring_allowed=True)
    for half in range(2):
        ResourceFactory(kind="locaux", quantity=1, part_of=hall, organisation=hall.organisation, name=f"Moitié {half}")
    first = timezone.localdate() + datetime.timedelta(days=10)
    ExceptionalHours.objects.create(organisation=hall.organisation, starts_on=first, ends_on=first, label="Congé")
    page = page_of(asking(client, hall, every="week", until=(first + datetime.timedelta(days=8)).isoformat()))
    assert page.count("C’est fermé") == 1
    errors = asking(client, hall).context["form"].errors
    assert [*errors] == ["starts_on"]  # the day is what is wrong, not its hours
    assert len(errors["starts_on"]) == 1


def test_a_closed_day_that_is_taken_too_is_told_once(client: Client) -> None:
    van = ResourceFactory(kind="materiel", quantity=1)
    first = timezone.localdate() + datetime.timedelta(days=10)
    accepted(van, whole_days(first, first))
    ExceptionalHours.objects.create(organisation=van.organisation, starts_on=first, ends_on=first, label="Congé")
    errors = {name: list(said) for name, said in asking(client, van).context["form"].errors.items()}
    assert [*errors] == ["starts_on"]
    assert len(errors["starts_on"]) == 1
    assert "C’est fermé" in errors["starts_on"][0]


def test_what_is_closed_is_told_beside_the_day_or_the_hour_to_change(client: Client) -> None:
    first = timezone.localdate() + datetime.timedelta(days=10)
    van = ResourceFactory(kind="materiel", quantity=1)
    last = first + datetime.timedelta(days=2)
    for each, hours in ((first, (9, 17)), (last, None)):
        opens, closes = map(datetime.time, hours) if hours else (None, None)
        ExceptionalHours.objects.create(
            resource=van, starts_on=each, ends_on=each, label="", opens_at=opens, closes_at=closes
        )
    errors = asking(client, van, starts_at="8 h", ends_on=last.isoformat()).context["form"].errors
    assert {*errors} == {"starts_at", "ends_on"}
    assert "c’est ouvert de 9\u00a0h à 17\u00a0h" in errors["starts_at"][0]
    assert "C’est fermé" in errors["ends_on"][0]


@pytest.mark.parametrize("weeks", [3, 10])
def test_a_series_that_is_taken_costs_the_same_whatever_its_length(
    client: Client, weeks: int, django_assert_num_queries: Any
) -> None:
    hall = ResourceFactory(kind="locaux", quantity=1, recurring_allowed=True)
    week = [day(10 + 7 * n) for n in range(weeks)]
    accepted(hall, *week[:-1])
    closed = timezone.localdate() + datetime.timedelta(days=10 + 7 * (weeks - 1))
    ExceptionalHours.objects.create(resource=hall, starts_on=closed, ends_on=closed, label="Congé")
    with django_assert_num_queries(2):
        found = requests.check(hall, week, 1)
    assert found == [(p, calendar.refusals(hall, p)) for p in week]
    assert [[r.code for r in some] for _p, some in found] == [["taken"]] * (weeks - 1) + [
        ["closed_start", "closed_end"]
    ]


def test_a_series_that_is_taken_is_offered_other_hours_and_what_serves_alike(
    client: Client, django_assert_num_queries: Any
) -> None:
    family = CategoryFactory(slug="salles", kind="locaux")
    room = CategoryFactory(slug="reunion", kind="locaux", parent=family)
    kitchen = CategoryFactory(slug="cuisine", kind="locaux", parent=CategoryFactory(slug="repas", kind="locaux"))
    fields: dict[str, Any] = {"kind": "locaux", "quantity": 1, "recurring_allowed": True}
    hall = ResourceFactory(category=room, **fields)
    twin, busy = ResourceFactory(category=room, **fields), ResourceFactory(category=room, **fields)
    once = ResourceFactory(category=room, **{**fields, "recurring_allowed": False})
    ResourceFactory(category=family, name="Estrade", **fields)
    cooking = ResourceFactory(category=kitchen, **fields)
    week = [day(10 + 7 * n) for n in range(5)]
    accepted(hall, *week[1:])
    accepted(busy, *week)
    accepted(hall, *(day(10 + 7 * n, 12, 13) for n in range(1, 3)))  # what follows is held too, now and then
    accepted(twin, week[2])
    half = ResourceFactory(part_of=hall, organisation=hall.organisation, **fields)
    accepted(half, day(17, 8, 9))
    among = Resource.objects.exclude(organisation=hall.organisation)
    alternatives.for_series(hall, week, 1, 1, among=among)  # the trees are read once
    with django_assert_num_queries(5):
        found = alternatives.for_series(hall, week, 1, 1, among=among)
    assert [(each.pk, n) for each, n in found.resources] == [(twin.pk, 4)]
    for each, n in found.resources:
        assert n == sum(not calendar.refusals(each, p) for p in week)
    assert [n for _p, n in found.hours] == [5, 5]
    for first, n in found.hours:
        by = first.lower - week[0].lower
        assert n == sum(not calendar.refusals(hall, span(p.lower + by, p.upper + by)) for p in week)
    last = (timezone.localdate() + datetime.timedelta(days=10 + 28)).isoformat()
    response = asking(client, hall, every="week", until=last)
    page = page_of(response)
    assert f'formaction="{reverse("loan_request", args=[twin.slug])}"' in page
    for each in (once, cooking, busy):
        assert each.name not in page
    (value, *_rest) = response.context["ways"]["hours"][0]
    again = asking(client, hall, every="week", until=last, essayer=value)
    assert again.context["form"]["starts_at"].value() == value[11:16]


def test_a_series_with_no_date_to_have_says_so(client: Client) -> None:
    hall = ResourceFactory(kind="locaux", quantity=1, recurring_allowed=True)
    first = timezone.localdate() + datetime.timedelta(days=10)
    ExceptionalHours.objects.create(
        organisation=hall.organisation, starts_on=first, ends_on=first + datetime.timedelta(days=30), label="Travaux"
    )
    until = (first + datetime.timedelta(days=15)).isoformat()
    assert "Aucune de ces dates ne peut être demandée" in page_of(asking(client, hall, every="week", until=until))
    ExceptionalHours.objects.all().delete()
    page = page_of(asking(client, hall, every="week", until=until))
    assert "Gardez les dates qui conviennent" in page
    assert "Aucune de ces dates" not in page


def test_a_fifth_weekday_is_said_to_be_one() -> None:
    def words(month: int, number: int) -> str:
        start = moment(datetime.date(2027, month, number), datetime.time(18))
        rule = {"every": "month", "until": "2027-06-30", "interval": 1}
        return in_words(span(start, start + datetime.timedelta(hours=3)), rule)

    assert words(1, 29).startswith("Le cinquième vendredi, les mois qui en ont un, de 18")
    assert words(1, 22).startswith("Chaque mois, le même vendredi")


def test_too_few_units_for_a_proposal_are_told_beside_the_quantity() -> None:
    world = World(quantity=20)
    loan = world.asked(quantity=2)
    accepted(world.resource, day(10), quantity=5)
    sent = {"starts_on": day(10).lower.date().isoformat(), "starts_at": "10:00", "ends_at": "12:00", "quantity": "16",
            "conditions": "", "message": "", "version": loan.version}  # fmt: skip
    response = world.clients["borrower"].post(reverse("loan_propose", args=[loan.pk]), sent)
    errors = {name: list(said) for name, said in response.context["form"].errors.items()}
    assert errors == {"quantity": ["Il n’en reste que 15 libres à ce moment-là."]}


def test_an_extension_onto_what_is_taken_is_told_beside_the_last_day() -> None:
    world = World(quantity=1)
    loan = world.stand("accepted")
    start, after = wall(loan.starts_at), wall(loan.ends_at).date() + datetime.timedelta(days=2)
    accepted(world.resource, whole_days(after, after))
    sent = {"starts_on": start.date().isoformat(), "starts_at": f"{start:%H:%M}", "ends_on": after.isoformat(),
            "ends_at": "12:00", "quantity": "1", "conditions": "", "message": "", "version": loan.version}  # fmt: skip
    response = world.clients["lender"].post(reverse("loan_propose", args=[loan.pk]), sent)
    errors = {name: list(said) for name, said in response.context["form"].errors.items()}
    assert errors == {"ends_on": ["C’est déjà pris à ce moment-là."]}


# ---- the trial of a person lent


def test_the_end_of_a_trial_is_asked_only_when_there_is_a_trial() -> None:
    content.load_agreements(settings.FIXTURE_DIRS[0])
    clause = Clause.objects.select_related("edition").filter(body__contains="[[personne.essai_fin]]").latest("pk")
    clauses = list(clause.edition.clauses.all())

    def asked(**values: str) -> set[str]:
        return {blank.name for blank in lacking(clauses, blanks_of(clause.edition), values)}

    trial = {"personne.essai_fin", "essai_retour_jours"}
    assert not asked() & trial
    assert "preavis_fin_jours" in asked()
    assert asked(**{"personne.essai_fin": "2026-12-20"}) & trial == {"essai_retour_jours"}


# ---- in part returned


def test_what_is_left_to_return_is_said_on_the_loan_and_in_the_list(client: Client) -> None:
    chairs = ResourceFactory(kind="materiel", quantity=20)
    loan = begun(accepted(chairs, quantity=20))
    Loan.objects.filter(pk=loan.pk).update(
        status=LoanStatus.HANDED_OVER,
        handed_over_at=timezone.now(),
        returned_quantity=15,
        ends_at=timezone.now() + datetime.timedelta(days=3),
    )
    client.force_login(lender_of(loan))
    assert "Il en reste 5 à rendre. Retour prévu" in page_of(client.get(loan.get_absolute_url()))
    assert "Il en reste 5 à rendre." in page_of(client.get(reverse("loan_list")))
    Loan.objects.filter(pk=loan.pk).update(returned_quantity=0)
    assert "à rendre." not in page_of(client.get(loan.get_absolute_url()))


def test_the_lender_who_opens_a_closed_day_is_read_by_both(client: Client) -> None:
    world = World(quantity=3)
    loan = world.asked()
    closed = day(30)
    shut = wall(closed.lower).date()
    ExceptionalHours.objects.create(organisation=world.resource.organisation, starts_on=shut, ends_on=shut)
    proposals.propose(loan, by=lender_of(loan), side="lender", periods=[closed], quantity=1)
    for person in (lender_of(loan), loan.requested_by):
        client.force_login(person)
        assert "le prêteur fait exception pour ce prêt" in page_of(client.get(loan.get_absolute_url()))
    ExceptionalHours.objects.all().delete()
    assert "fait exception" not in page_of(client.get(loan.get_absolute_url()))
