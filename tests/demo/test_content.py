"""The content that the portal ships: whole, as promised, nobody's private life; and a loader that is careful."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model
from pytest_django import DjangoDbBlocker

from accounts.models import User
from directory.exchange.fixtures import FixtureError, load
from directory.models import (
    Category,
    Kind,
    OpeningHours,
    Organisation,
    PostalArea,
    Practice,
    PracticeFigure,
    PracticePartner,
    Resource,
    Sector,
    Synonym,
    Territory,
    Word,
)
from directory.taxonomies import territories
from mutualisation.management.commands.demo import ACCOUNTS, CONTENT
from mutualisation.management.commands.loadcontent import REFERENCE
from toolbox.content import FILES as TOOLBOX

FOLDER = Path(settings.FIXTURE_DIRS[0])
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".json", ".yaml"))


@pytest.fixture(scope="module")
def everything(demonstration: None, django_db_blocker: DjangoDbBlocker) -> str:
    """A mark of all that `manage.py demo` loaded."""
    with django_db_blocker.unblock():
        return snapshot()


@pytest.fixture(autouse=True)
def content(everything: str, db: None) -> str:
    return everything


def snapshot() -> str:
    """A mark of every row of the directory and of the accounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND (table_name LIKE 'directory\\_%' OR table_name = 'accounts_user') ORDER BY 1"
        )
        marks = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608
            marks.append((table, *cursor.fetchone()))
    return repr(marks)


# ---- what was promised


def test_every_fixture_of_the_folder_is_loaded_by_the_demo() -> None:
    toolbox = {Path(name).stem for name in TOOLBOX}  # in a format of its own, that people write
    assert {path.stem for path in FILES} - toolbox == set(REFERENCE + CONTENT)


def test_all_of_quebec() -> None:
    kinds = Counter(Territory.objects.values_list("kind", flat=True))
    assert (kinds["region"], kinds["mrc"], kinds["municipalite"]) == (17, 104, 1285)
    assert kinds["arrondissement"] >= 1
    assert set(Territory.objects.values_list("kind", "parent__kind")) == {
        ("region", None),
        ("mrc", "region"),
        ("municipalite", "mrc"),
        ("arrondissement", "municipalite"),
        ("arrondissement", "arrondissement"),  # a neighbourhood in its borough
    }
    assert Territory.objects.filter(latitude=None).count() < 110  # the source says not where: unorganised, mostly
    assert not Territory.objects.filter(latitude=None, parent__slug__in=settings.PORTAL_TERRITORIES).exists()
    assert not Territory.objects.filter(kind="mrc", outline=None).exists()
    ours = Territory.objects.filter(slug__in=settings.PORTAL_TERRITORIES)
    assert ours.count() == 5
    assert {t.kind for t in ours} == {"mrc"}
    assert PostalArea.objects.filter(code="J6S").exists()


def test_enough_real_content() -> None:
    assert Organisation.objects.visible_to(AnonymousUser()).filter(is_demo=False).count() >= 50
    assert Organisation.objects.visible_to(AnonymousUser()).filter(is_demo=True).count() >= 40
    assert Practice.objects.visible_to(AnonymousUser()).count() >= 14
    assert Resource.objects.visible_to(AnonymousUser()).count() >= 120
    assert min(Sector.objects.count(), Synonym.objects.count(), OpeningHours.objects.count()) >= 10


def test_resources_of_the_four_kinds_in_the_five_mrcs() -> None:
    tree = territories()
    found = Counter()
    for kind, territory in Resource.objects.visible_to(AnonymousUser()).values_list("kind", "territory_id"):
        mrc = tree.up_to(territory, ("mrc",))
        found[kind, mrc and mrc.slug] += 1
    for kind in Kind:
        for mrc in settings.PORTAL_TERRITORIES:
            assert found[kind, mrc], f"aucune ressource « {kind} » dans {mrc}"


def test_the_variety_of_real_life() -> None:
    assert Resource.objects.filter(quantity__gte=50).exists()  # fifty chairs
    halls = Counter(Resource.objects.exclude(part_of=None).values_list("part_of__kind", "part_of_id"))
    assert any(kind == Kind.LOCAUX and parts >= 2 for (kind, _pk), parts in halls.items())  # a hall divides in two
    assert Resource.objects.filter(kind=Kind.HUMAIN, days_per_week=1).exists()  # the one-day-a-week accountant
    assert any(len(name) > 60 for name in Organisation.objects.values_list("name", flat=True))
    assert set(Resource.objects.values_list("cost_mode", flat=True)) == {"gratuit", "frais", "echange", "prix"}
    assert all(Resource.objects.exclude(**{f"{name}": empty}).exists() for name, empty in
               {"brand_model": "", "equipment": [], "tasks": "", "format": ""}.items())  # fmt: skip


def test_stories_are_told_in_full_with_their_source() -> None:
    told = Practice.objects.published()
    for story in told.prefetch_related("figures", "partners", "territories", "sectors"):
        for name in ("standfirst", "origin", "pooled", "governance", "results", "lessons", "source_title"):
            assert getattr(story, name).strip(), f"{story.slug} : {name}"
        assert story.kinds, story.slug
        assert story.territories.all(), story.slug
        assert story.sectors.all(), story.slug
        assert not story.is_demo, story.slug
    # the others are invented, and wait for the curators: nobody takes them for real
    assert set(Practice.objects.exclude(pk__in=told).values_list("is_demo", "status")) == {(True, "submitted")}
    assert len(set(told.values_list("stage", flat=True))) >= 3
    assert len(set(told.values_list("legal_form", flat=True))) >= 3
    assert told.filter(figures__isnull=False).distinct().count() >= 10


@pytest.mark.parametrize("model", [Organisation, Resource, Practice, Category, Synonym, OpeningHours])
def test_every_row_would_pass_its_form(model: type[Model]) -> None:
    for row in model._default_manager.all():
        try:
            row.full_clean()
        except Exception as error:
            raise AssertionError(f"{row.pk} {row} : {error}") from error


def test_a_resource_is_filed_under_its_own_kind() -> None:
    wrong = [r.slug for r in Resource.objects.select_related("category") if r.category.kind != r.kind]
    assert wrong == []


def test_the_demo_is_found_by_what_the_brief_asks() -> None:
    assert Word.objects.filter(word="congelateur", display="congélateur").exists()
    assert not Word.objects.filter(word__contains=" ").exists()


# ---- nobody's private life


def test_no_address_that_could_reach_somebody() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        mails = re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)
        assert [m for m in mails if not m.rstrip(".").endswith(".example")] == [], path.name
        phones = re.findall(r"(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)", text)
        assert [p for p in phones if not re.search(r"555[ .-]01\d\d$", p)] == [], path.name
    assert Organisation.objects.exclude(email="").exists()  # there was something to look at
    assert all(email.endswith(".example") for email in User.objects.values_list("email", flat=True))


def test_what_is_invented_says_so_and_what_is_real_does_not() -> None:
    real = (FOLDER / "organisations.yaml").read_text() + (FOLDER / "practices.yaml").read_text()
    invented = (FOLDER / "demo_organisations.yaml").read_text() + (FOLDER / "demo_resources.yaml").read_text()
    assert "is_demo: true" not in real
    assert "is_demo: false" not in invented
    assert not Resource.objects.filter(is_demo=False).exists()
    for organisation in Organisation.objects.all():
        if organisation.is_demo:
            assert not organisation.website or ".example" in organisation.website, organisation.slug
        else:
            assert organisation.source, organisation.slug
            assert not organisation.email, organisation.slug
            assert not organisation.resources.exists(), f"{organisation.slug} n’a rien offert ici"


# ---- loading again


def test_a_second_demo_changes_nothing(content: str) -> None:
    assert {account.email for account in ACCOUNTS} <= set(User.objects.values_list("email", flat=True))
    call_command("demo", "--once", verbosity=0)
    assert snapshot() == content
    call_command("demo", verbosity=0)
    assert snapshot() == content


def test_what_people_mended_stays_unless_update(content: str) -> None:
    story = Practice.objects.filter(figures__isnull=False).order_by("pk")[:1].get()
    figures = sorted(story.figures.values_list("value", flat=True))
    Practice.objects.filter(pk=story.pk).update(title="Récrit par l’équipe")
    PracticeFigure.objects.filter(practice=story).delete()
    Synonym.objects.filter(terms__contains=["char"]).delete()
    mended = snapshot()
    assert mended != content
    call_command("loadcontent", "practices", verbosity=0)
    assert snapshot() == mended
    many = PracticePartner.objects.count()
    call_command("loadcontent", "practices", "--update", verbosity=0)
    story.refresh_from_db()
    assert story.title != "Récrit par l’équipe"
    assert sorted(story.figures.values_list("value", flat=True)) == figures
    assert PracticePartner.objects.count() == many
    call_command("loadcontent", "synonyms", verbosity=0)
    assert Synonym.objects.filter(terms__contains=["char"]).exists()  # what is missing comes back


# ---- what is wrong is said, and nothing is left behind

GOOD = """
- model: directory.organisation
  fields: {slug: essai-un, name: Essai un, mission: Essayer., territory: [huntingdon], sectors: [[aines]]}
"""
FIELDS = "slug: essai-deux, name: Essai deux, mission: Essayer., territory: [huntingdon]"
BAD = {
    "a missing reference": ("{slug: x, name: X, mission: X, territory: [atlantide]}", "territory", "« atlantide »"),
    "a missing sector": (f"{{{FIELDS}, sectors: [[aines], [magie]]}}", "sectors", "« magie »"),
    "an id for a key": ("{slug: x, name: X, mission: X, territory: 12}", "territory", "clé naturelle"),
    "a key too long": ("{slug: x, name: X, mission: X, territory: [a, b]}", "territory", "« a, b »"),
    "a key too short": ("{slug: x, name: X, mission: X, territory: []}", "territory", "n’existe pas"),
    "keys that are none": (f"{{{FIELDS}, sectors: aines}}", "sectors", "liste de clés"),
    "one key for many": (f"{{{FIELDS}, sectors: [aines]}}", "sectors", "clé naturelle"),
    "an unknown field": (f"{{{FIELDS}, couleur: bleu}}", "couleur", "ce champ n’existe pas"),
    "a field of the other side": (f"{{{FIELDS}, resources: [[x]]}}", "resources", "ce champ n’existe pas"),
    "a number that is none": (f"{{{FIELDS}, year_founded: jadis}}", "year_founded", "jadis"),
    "a yes that is none": (f"{{{FIELDS}, is_demo: jamais}}", "is_demo", "jamais"),
    "a date that is none": (f"{{{FIELDS}, published_at: demain}}", "published_at", "demain"),
    "a value out of range": (f"{{{FIELDS}, year_founded: 12}}", "year_founded", "1600"),
    "a choice that is none": (f"{{{FIELDS}, legal_form: secte}}", "legal_form", "secte"),
    "too long a text": (f"{{{FIELDS}, acronym: {'A' * 21}}}", "acronym", "20"),
    "a mapping for a text": ("{slug: {a: b}, name: X, mission: X, territory: [huntingdon]}", "slug", ""),
    "a broken rule": (f"{{{FIELDS}, status: published}}", "organisation_published_at", "date de publication"),
    "half a point": (f"{{{FIELDS}, latitude: 45.1}}", "organisation_point_whole", "vont ensemble"),
    "a field left out": ("{slug: x, name: X, mission: X}", "territory", ""),
    "the same key twice": ("{slug: essai-un, name: X, mission: X, territory: [huntingdon]}", "slug", "autre ligne"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_row_is_named_with_its_field(content: str, tmp_path: Path, name: str) -> None:
    row, field, why = BAD[name]
    path = tmp_path / "essai.yaml"
    path.write_text(f"{GOOD}\n- model: directory.organisation\n  fields: {row}\n", encoding="utf-8")
    with pytest.raises(FixtureError) as caught:
        load([path])
    said = str(caught.value)
    assert said.startswith(f"essai.yaml, ligne 2, champ « {field} » : ")
    assert why in said
    assert "Traceback" not in said
    assert "\n" not in said
    assert not Organisation.objects.filter(slug="essai-un").exists()
    assert snapshot() == content


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("{model: directory.licorne, fields: {}}", "model"),
        ("{model: licorne, fields: {}}", "model"),
        ("{model: 12, fields: {}}", "model"),
        ("{model: [directory, sector], fields: {}}", "model"),
        ("{fields: {}}", "model"),
        ("{model: directory.sector}", "model"),
        ("{model: directory.sector, fields: [a]}", "model"),
        ("juste un mot", "model"),
        ("null", "model"),
        ("{model: directory.sector, pk: 1, fields: {slug: x, name: X}}", "pk"),
        ("{model: directory.sector, fields: {12: x}}", "12"),
        ("{model: directory.practicefigure, fields: {practice: [nulle-part], value: 1, label: x}}", "practice"),
        ("{model: auth.group, fields: {slug: x}}", "slug"),
    ],
)
def test_a_row_that_is_no_row(content: str, tmp_path: Path, row: str, field: str) -> None:
    path = tmp_path / "essai.yaml"
    path.write_text(f"{GOOD}\n- {row}\n", encoding="utf-8")
    with pytest.raises(FixtureError, match=rf"^essai\.yaml, ligne 2, champ « {field} » : "):
        load([path])
    assert snapshot() == content


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("essai.yaml", b"- {model: [", "essai.yaml : illisible"),
        ("essai.yaml", b"- \xff\xfe", "essai.yaml : illisible"),
        ("essai.yaml", b"- !!python/object:os.system {}", "essai.yaml : illisible"),
        ("essai.json", b"[{]", "essai.json : illisible"),
        ("essai.yaml", b"model: directory.sector", "essai.yaml : une liste de lignes"),
        ("essai.yaml", b"", "essai.yaml : une liste de lignes"),
    ],
)
def test_a_file_that_cannot_be_read(content: str, tmp_path: Path, name: str, data: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CommandError, match=why):
        call_command("loadcontent", str(path))
    assert snapshot() == content


def test_one_bad_file_undoes_the_others(content: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "bon.yaml", tmp_path / "mauvais.yaml"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text("- {model: directory.sector, fields: {slug: x, name: X, lien: y}}", encoding="utf-8")
    with pytest.raises(CommandError, match=r"mauvais\.yaml, ligne 1, champ « lien »"):
        call_command("loadcontent", str(good), str(bad))
    assert snapshot() == content
    call_command("loadcontent", str(good), verbosity=0)
    assert Organisation.objects.get(slug="essai-un").sectors.count() == 1


def test_a_name_or_a_path_that_leads_nowhere() -> None:
    for name in ("licornes", "/nulle/part.yaml", "."):
        with pytest.raises(CommandError):
            call_command("loadcontent", name)


def test_the_demo_says_what_is_wrong_and_loads_nothing(content: str, tmp_path: Path, settings: Any) -> None:
    for path in FILES:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    bad = tmp_path / "demo_resources.yaml"
    bad.write_text(bad.read_text().replace("quantity: 12\n", "quantity: beaucoup\n", 1).replace(
        "slug: douze-chaudrons-de-40-litres", "slug: treize-chaudrons"))  # fmt: skip
    settings.FIXTURE_DIRS = [tmp_path]
    with pytest.raises(CommandError, match=r"demo_resources\.yaml, ligne 1, champ « quantity »"):
        call_command("demo")
    assert snapshot() == content
