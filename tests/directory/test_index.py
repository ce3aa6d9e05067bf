"""The triggers that keep entries findable: nothing is forgotten, nothing hidden is told, every change moves a date."""

from __future__ import annotations

from typing import Any

import pytest

from directory.models import Category, Organisation, PracticePartner, Resource, Sector, Territory, Word
from directory.searching import mend, understand
from tests.factories import (
    CategoryFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    SectorFactory,
    TerritoryFactory,
)

pytestmark = pytest.mark.django_db


def finds(entry: Any, text: str) -> bool:
    """Whether these words find this entry, as the list would."""
    return type(entry).objects.matching(understand(text)).filter(pk=entry.pk).exists()


def stamp(entry: Any) -> Any:
    return type(entry).objects.values_list("updated_at", flat=True).get(pk=entry.pk)


# ---- what is named elsewhere


def test_a_renamed_organisation_reindexes_what_it_shares_and_its_stories() -> None:
    organisation = OrganisationFactory(name="Les Zéphyrs", acronym="LZX")
    resource = ResourceFactory(organisation=organisation)
    story = PracticeFactory()
    PracticePartner.objects.create(practice=story, organisation=organisation)
    assert finds(resource, "zephyr")
    assert finds(story, "lzx")
    organisation.name, organisation.acronym = "Les Alizés", "LAX"
    organisation.save()
    for entry in (organisation, resource, story):
        assert finds(entry, "alizes")
        assert finds(entry, "lax")
        assert not finds(entry, "zephyrs")
        assert not finds(entry, "lzx")


def test_a_bulk_rename_counts_too() -> None:
    resource = ResourceFactory(organisation__name="Les Zéphyrs")
    Organisation.objects.update(name="Les Alizés")
    assert finds(resource, "alizes")
    assert not finds(resource, "zephyrs")


def test_a_renamed_category_reindexes_its_resources_and_those_below() -> None:
    mother = CategoryFactory(slug="mere", name="Jardinage")
    inner = ResourceFactory(category=CategoryFactory(slug="fille", name="Brouettes", parent=mother))
    outer = ResourceFactory(category=CategoryFactory(slug="tante", name="Cuisine"))
    assert finds(inner, "jardinage brouette")
    mother.name = "Horticulture"
    mother.save()
    assert finds(inner, "horticulture brouette")
    assert not finds(inner, "jardinage")
    Category.objects.filter(slug="fille").update(parent=outer.category)
    assert finds(inner, "cuisine brouette")
    assert not finds(inner, "horticulture")


def test_a_renamed_territory_reindexes_what_is_in_it_and_below() -> None:
    mrc = TerritoryFactory(kind="mrc", name="Roussillon")
    town = TerritoryFactory(name="Candiac", parent=mrc)
    organisation = OrganisationFactory(territory=town)
    resource = ResourceFactory(organisation=organisation)
    elsewhere = ResourceFactory()
    assert finds(resource, "roussillon")
    Territory.objects.filter(pk=mrc.pk).update(name="Portage")
    for entry in (organisation, resource):
        assert finds(entry, "portage candiac")
    town.name = "Catalina"
    town.save()
    for entry in (organisation, resource):
        assert finds(entry, "portage catalina")
        assert not finds(entry, "roussillon")
        assert not finds(entry, "candiac")
    assert not finds(elsewhere, "portage")


def test_sectors_added_renamed_and_taken_away() -> None:
    sector = SectorFactory(name="Apiculture", examples="ruches, miel")
    for entry in (OrganisationFactory(), PracticeFactory()):
        assert not finds(entry, "apiculture")
        entry.sectors.add(sector)
        assert finds(entry, "apiculture")
        Sector.objects.update(name="Héraldique")
        assert finds(entry, "heraldique")
        assert not finds(entry, "apiculture")
        entry.sectors.remove(sector)
        assert not finds(entry, "heraldique")
        Sector.objects.update(name="Apiculture")
    entry = OrganisationFactory(sectors=[sector])
    assert finds(entry, "ruche")


def test_partners_of_a_story() -> None:
    first, second = OrganisationFactory(name="Les Zéphyrs"), OrganisationFactory(name="Les Alizés")
    story, other = PracticeFactory(), PracticeFactory()
    partner = PracticePartner.objects.create(practice=story, organisation=first)
    assert finds(story, "zephyrs")
    partner.organisation = second
    partner.save()
    assert finds(story, "alizes")
    assert not finds(story, "zephyrs")
    partner.practice = other
    partner.save()
    assert finds(other, "alizes")
    assert not finds(story, "alizes")
    partner.delete()
    assert not finds(other, "alizes")


# ---- the date of change, and the order of names


def test_every_change_moves_the_date_even_in_bulk_and_nothing_else_does() -> None:
    changed, still = ResourceFactory(), ResourceFactory()
    before, before_still = stamp(changed), stamp(still)
    Resource.objects.filter(pk=changed.pk).update(name="Autre nom")
    after = stamp(changed)
    assert after > before
    assert stamp(still) == before_still
    Resource.objects.filter(pk=changed.pk).update(name="Autre nom")  # nothing changes
    assert stamp(changed) == after
    changed.refresh_from_db()
    changed.summary = "Autre résumé."
    Resource.objects.bulk_update([changed], ["summary"])
    assert stamp(changed) > after
    assert finds(changed, "autre résumé")


def test_a_link_moves_the_date_of_both_ends_that_show_it() -> None:
    organisation = OrganisationFactory()
    resource = ResourceFactory(organisation=organisation)
    before = stamp(resource), stamp(organisation)
    organisation.sectors.add(SectorFactory())
    assert stamp(organisation) > before[1]
    organisation.name = "Renommé"
    organisation.save()
    assert stamp(resource) > before[0]


def test_names_are_sorted_as_people_read_them() -> None:
    for name in ("Zoé", "Élan", "Ste-Marthe", "école", "Saint-Anicet", "Été"):
        OrganisationFactory(name=name)
    assert list(Organisation.objects.order_by("sort_key", "id").values_list("name", flat=True)) == [
        "école", "Élan", "Été", "Saint-Anicet", "Ste-Marthe", "Zoé",
    ]  # fmt: skip


def test_rows_made_in_bulk_are_indexed() -> None:
    model = ResourceFactory()
    copies = [ResourceFactory.build(organisation=model.organisation, category=model.category, territory=model.territory,
                                    name=f"Trombone {n}") for n in range(3)]  # fmt: skip
    Resource.objects.bulk_create(copies)
    assert Resource.objects.matching(understand("trombones")).count() == 3


# ---- words never tell what is hidden


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "archived"])
def test_the_words_of_a_hidden_entry_are_never_suggested(status: str) -> None:
    resource = ResourceFactory(name="Xylophone", status=status, published_at=None)
    OrganisationFactory(name="Confrérie des Wombats", status=status, published_at=None)
    PracticeFactory(title="Kaléidoscopes partagés", status=status, published_at=None)
    hidden = ["xylophone", "wombats", "kaleidoscopes"]
    assert not Word.objects.filter(word__in=hidden).exists()
    assert mend(understand("xylofone")) is None
    resource.description = "Un xylophone de bois."
    resource.save()
    assert not Word.objects.filter(word__in=hidden).exists()
    Resource.objects.filter(pk=resource.pk).update(status="published", published_at=resource.created_at)
    assert Word.objects.get(word="xylophone").display == "xylophone"  # public now: it may be suggested
    found = mend(understand("xylofone"))
    assert found is not None
    assert found[1] == {"xylofone": "xylophone"}


def test_what_an_organisation_not_yet_validated_shares_stays_unsaid() -> None:
    organisation = OrganisationFactory(name="Confrérie des Wombats", status="submitted", published_at=None)
    ResourceFactory(name="Xylophone", organisation=organisation)
    hidden = Word.objects.filter(word__in=["xylophone", "wombats"])
    assert not hidden.exists()
    organisation.status, organisation.published_at = "published", organisation.created_at
    organisation.save()
    assert hidden.count() == 2


def test_words_are_kept_as_people_write_them() -> None:
    ResourceFactory(name="Tournée d’été à St-Zotique", description="salle/cuisine <b>grasse</b>")
    words = dict(Word.objects.values_list("word", "display"))
    assert words["tournee"] == "tournée"
    assert words["saint"] == "saint"
    assert {"zotique", "salle", "cuisine", "grasse"} <= set(words)
    assert "ete" not in words  # three letters: too near everything


def test_territory_names_reach_the_words() -> None:
    ResourceFactory(organisation__territory=TerritoryFactory(name="Kirkland-les-Bains"))
    assert Word.objects.filter(word="kirkland").exists()
