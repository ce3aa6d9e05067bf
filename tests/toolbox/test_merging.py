"""Two proposals of the same tool become one: what the other said is kept, its address leads there, both are told."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from directory.models import Decision
from directory.moderation import AlreadyDecided, decide, undo
from directory.queue import queue
from tests.factories import ToolFactory, UserFactory
from toolbox import paths
from toolbox.merging import merge
from toolbox.models import Tool
from toolbox.models.tool import alike

pytestmark = pytest.mark.django_db
WAITING = {"status": "submitted", "published_at": None}


@pytest.fixture
def pair(people: dict[str, Any], settings: Any, tmp_path: Any) -> tuple[Tool, Tool]:
    """One that waits, and the same proposed by someone else, who says more of it."""
    settings.MEDIA_ROOT = tmp_path
    early = timezone.now() - datetime.timedelta(days=2)
    one = ToolFactory(
        slug="grille", title="Grille de partage d’un camion", proposed_by=people["member"], topics=["budget"],
        created_at=early, **WAITING,
    )  # fmt: skip
    two = ToolFactory(
        slug="grille-2", title="Grille du partage d’un camion", proposed_by=people["stranger"], url="", with_file=True,
        publisher="Un regroupement", year=2024, topics=["camion", "budget"], **WAITING,
    )  # fmt: skip
    return one, two


def at(one: Tool, two: Tool) -> str:
    return reverse("tool_merge", args=[one.slug, two.slug])


def test_two_proposals_become_one_from_the_desk(pair: Any, cast: dict[str, Client], people: dict[str, Any]) -> None:
    one, two = pair
    desk = cast["curator"].get(f"/moderation/?fiche=new.tool.{two.pk}").content.decode()
    assert at(two, one) in desk
    shown = cast["curator"].get(at(two, one))
    html = shown.content.decode()
    assert shown.context["chosen"] == "grille"  # the first proposed
    assert "Il prendrait de l’autre\u00a0: éditeur, année, sujets, fichier." in html
    answer = cast["curator"].post(at(two, one), {"garder": "grille", "note": "Merci à vous deux <b>."}, follow=True)
    assert "mène maintenant à" in answer.content.decode()
    assert answer.context["chosen"].pk == one.pk  # it still awaits its decision
    one.refresh_from_db()
    two.refresh_from_db()
    assert (two.status, two.merged_into) == ("archived", one)
    assert (one.publisher, one.year, one.topics, one.file_name) == (
        "Un regroupement", 2024, ["budget", "camion"], "guide.pdf",
    )  # fmt: skip
    assert one.url.startswith("https://guides.example/")
    assert {item.key for item in queue(people["curator"])} == {f"new.tool.{one.pk}"}

    mails = {mail.to: mail for mail in Mail.objects.filter(event__startswith="tools-merged")}
    assert set(mails) == {"member@essai.example", "stranger@essai.example"}
    assert "c’est le vôtre qui reste" in mails["member@essai.example"].text
    assert "mène maintenant à l’autre" in mails["stranger@essai.example"].text
    assert "Merci à vous deux <b>." in mails["stranger@essai.example"].text
    assert "Merci à vous deux &lt;b&gt;." in mails["stranger@essai.example"].html

    # until it is public, the other leads nowhere; then, to it
    assert cast["anonymous"].get(two.get_absolute_url()).status_code == 404
    decide(key=f"new.tool.{one.pk}", verb="publish", by=people["curator"])
    for who in ("anonymous", "stranger", "member"):
        assert cast[who].get(two.get_absolute_url())["Location"] == one.get_absolute_url(), who
    assert "Réuni avec un autre outil" in cast["curator"].get(two.get_absolute_url()).content.decode()
    assert cast["anonymous"].get(f"{two.get_absolute_url()}fichier/")["Location"] == one.get_absolute_url()


def test_it_is_undone_for_a_day(pair: Any, people: dict[str, Any], client: Client) -> None:
    one, two = pair
    decision = merge(kept=one, gone=two, by=people["curator"])
    undo(decision=decision, by=people["curator"])
    two.refresh_from_db()
    assert (two.status, two.merged_into) == ("submitted", None)
    again = merge(kept=one, gone=two, by=people["curator"])
    Decision.objects.filter(pk=again.pk).update(decided_at=timezone.now() - datetime.timedelta(hours=25))
    again.refresh_from_db()
    with pytest.raises(AlreadyDecided):
        undo(decision=again, by=people["curator"])


def test_what_is_public_is_what_stays(pair: Any, cast: dict[str, Client], people: dict[str, Any]) -> None:
    one, two = pair
    decide(key=f"new.tool.{two.pk}", verb="publish", by=people["curator"])
    assert cast["curator"].get(at(one, two)).context["chosen"] == "grille-2"
    for kept in ("grille", "", "inconnu"):
        answer = cast["curator"].post(at(one, two), {"garder": kept, "note": "Gardée."})
        assert answer.status_code == 422
        assert "Gardée." in answer.content.decode()
    two.refresh_from_db()
    with pytest.raises(AlreadyDecided):
        merge(kept=one, gone=two, by=people["curator"])
    assert cast["curator"].post(at(one, two), {"garder": "grille-2"}).status_code == 302
    assert cast["anonymous"].get(one.get_absolute_url())["Location"] == two.get_absolute_url()


def test_a_second_curator_is_told_and_nothing_is_done_twice(pair: Any, cast: dict[str, Client], people: Any) -> None:
    one, two = pair
    assert cast["curator"].post(at(one, two), {"garder": "grille"}).status_code == 302
    late = cast["outsider"].post(at(one, two), {"garder": "grille-2"}, follow=True)
    assert "ne peuvent plus être réunis" in late.content.decode()
    with pytest.raises(AlreadyDecided):
        merge(kept=two, gone=one, by=people["outsider"])
    assert Decision.objects.count() == 1
    with pytest.raises(PermissionDenied):
        merge(kept=one, gone=two, by=people["member"])


def test_addresses_follow_from_one_to_the_next(pair: Any, people: dict[str, Any], client: Client) -> None:
    one, two = pair
    last = ToolFactory(slug="grille-3", title="Grille")
    merge(kept=one, gone=two, by=people["curator"])
    one.refresh_from_db()
    merge(kept=last, gone=one, by=people["curator"])
    for gone in (one, two):
        assert client.get(gone.get_absolute_url())["Location"] == last.get_absolute_url()
    assert Tool.objects.published().led_to(["grille-2", "inconnu", "grille"]) == [last]


def test_the_guided_path_names_the_one_that_stays(people: dict[str, Any], client: Client) -> None:
    paths.load()
    answers = paths.in_force().cases[0]["answers"]
    slug = paths.in_force().advise(answers).tools[0]
    gone, kept = ToolFactory(slug=slug, title="Celui d’avant"), ToolFactory(title="Celui qui reste")
    merge(kept=kept, gone=gone, by=people["curator"])
    html = client.get("/parcours/", answers).content.decode()
    assert kept.get_absolute_url() in html
    assert "Celui d’avant" not in html


def test_the_database_holds_what_merged_means(pair: Any, people: dict[str, Any]) -> None:
    one, two = pair
    for wrong in ({"merged_into": one}, {"merged_into": two, "status": "archived"}):
        with pytest.raises(IntegrityError, match="tool_merged_is_archived"), transaction.atomic():
            Tool.objects.filter(pk=two.pk).update(**wrong)
    merge(kept=one, gone=two, by=people["curator"])
    Tool.objects.filter(pk=two.pk).update(status="published", published_at=timezone.now())
    two.refresh_from_db()
    assert two.merged_into is None  # back for everyone: no longer one with another


def test_what_looks_alike(pair: Any) -> None:
    one, two = pair
    ToolFactory(title="Guide d’évaluation")
    ToolFactory(title="Grille de partage d’un camion", status="draft", published_at=None)
    far = ToolFactory(title="Autre chose", url=one.url.replace("https://", "http://www.") + "/")
    strange = ToolFactory(title="Zzz", url="", proposed_by=UserFactory())
    for tool in (one, strange):
        tool.refresh_from_db()
    assert set(alike(one)) == {two, far}
    assert alike(strange) == []
