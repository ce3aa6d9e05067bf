"""Tools that members propose: their form, their file, the curators' decision, and who may read what."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Mail
from directory.moderation import decide
from directory.queue import queue
from mutualisation.kernel.documents import MAX_BYTES, TYPES
from tests.factories import ToolFactory
from toolbox.models import ModelAgreement, Tool
from toolbox.tasks import sweep_tools

PROPOSE = "/boite-a-outils/outils/proposer/"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TYPED = {
    "title": "Grille de partage d’un camion",
    "kind": "liste",
    "why": "Douze questions à se poser. Pour qui prête un véhicule.",
    "url": "https://guides.example/camion.pdf",
    "stages": ["pret"],
    "kinds": ["materiel"],
    "topics": "véhicule\nassurance",
    "year": "2025",
}


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def archive(*parts: str, mimetype: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        if mimetype:
            made.writestr("mimetype", mimetype)
        for part in parts:
            made.writestr(part, "<x/>")
    return out.getvalue()


def sent(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def test_a_tool_from_its_proposal_to_the_toolbox(cast: dict[str, Client], people: dict[str, Any]) -> None:
    answer = cast["member"].post(PROPOSE, {**TYPED, "envoyer": "1"})
    tool = Tool.objects.get()
    assert answer["Location"] == tool.get_absolute_url() == "/boite-a-outils/outils/grille-de-partage-d-un-camion/"
    assert (tool.status, tool.topics, tool.proposed_by) == ("submitted", ["véhicule", "assurance"], people["member"])
    assert cast["anonymous"].get(tool.get_absolute_url()).status_code == 404
    told = set(Mail.objects.filter(event__startswith="tool-submitted").values_list("to", flat=True))
    assert told == {"curator@essai.example", "outsider@essai.example"}  # no place: every curator

    desk = cast["curator"].get("/moderation/").content.decode()
    assert "Grille de partage" in desk
    assert "Douze questions" in desk
    key = f"new.tool.{tool.pk}"
    assert key in {item.key for item in queue(people["curator"])}
    decide(key=key, verb="return", by=people["curator"], note="Dites qui la publie.")
    tool.refresh_from_db()
    assert tool.status == "returned"
    assert Mail.objects.filter(to="member@essai.example", event__startswith="decided").exists()
    mine = cast["member"].get("/mon-espace/").content.decode()
    assert "Dites qui la publie." in mine
    assert f"{tool.get_absolute_url()}modifier/" in mine
    form = cast["member"].get(f"{tool.get_absolute_url()}modifier/").content.decode()
    assert "Dites qui la publie." in form

    cast["member"].post(
        f"{tool.get_absolute_url()}modifier/", {**TYPED, "publisher": "Un regroupement", "envoyer": "1"}
    )
    tool.refresh_from_db()
    assert (tool.status, tool.publisher) == ("submitted", "Un regroupement")
    decide(key=key, verb="publish", by=people["outsider"])
    page = cast["anonymous"].get(tool.get_absolute_url()).content.decode()
    for words in ("Un regroupement", "2025", "Liste de vérification", "véhicule", "https://guides.example/camion.pdf"):
        assert words in page
    assert cast["member"].get(f"{tool.get_absolute_url()}modifier/").status_code == 403  # published: curators' now
    assert "Un regroupement" in cast["curator"].get("/historique/outil/" + tool.slug + "/").content.decode()


def test_what_was_returned_is_changed_before_it_is_sent_again(cast: dict[str, Client], people: dict[str, Any]) -> None:
    cast["member"].post(PROPOSE, {**TYPED, "envoyer": "1"})
    tool = Tool.objects.get()
    decide(key=f"new.tool.{tool.pk}", verb="return", by=people["curator"], note="Dites qui la publie.")
    edit, move = f"{tool.get_absolute_url()}modifier/", f"{tool.get_absolute_url()}etat/"

    def stands() -> str:
        tool.refresh_from_db()
        return tool.status

    panel = cast["member"].get(tool.get_absolute_url()).content.decode()
    assert panel.index('btn btn-primary" href="' + edit) < panel.index("Renvoyer sans rien changer…")
    assert panel.count("btn-primary") == 2  # « Modifier », and the address of the tool: never sending again
    answer = cast["member"].post(move, {"geste": "submit"}, follow=True)
    assert "rien n’a changé depuis" in answer.content.decode()
    answer = cast["member"].post(edit, {**TYPED, "envoyer": "1"})
    assert answer.status_code == 422
    assert "rien n’a changé depuis" in answer.content.decode()
    assert "telle_quelle" in answer.content.decode()
    assert stands() == "returned"
    cast["member"].post(move, {"geste": "submit", "telle_quelle": "1"})
    assert stands() == "submitted"
    # the curator who reads it again sees what was asked, by whom it was proposed, and what to open
    desk = cast["outsider"].get("/moderation/").content.decode()
    for words in (
        "Dites qui la publie.",
        f"Proposé par {people['member']}",
        'href="https://guides.example/camion.pdf"',
    ):
        assert words in desk
    decide(key=f"new.tool.{tool.pk}", verb="return", by=people["curator"], note="Vraiment.")
    cast["member"].post(edit, {**TYPED, "publisher": "Un regroupement"})  # changed, kept as a draft
    assert "Renvoyer sans rien changer…" not in cast["member"].get(tool.get_absolute_url()).content.decode()
    cast["member"].post(move, {"geste": "submit"})
    assert stands() == "submitted"


def test_a_file_is_opened_from_the_desk(cast: dict[str, Client], people: dict[str, Any]) -> None:
    tool = ToolFactory(with_file=True, url="", status="submitted", published_at=None, proposed_by=people["member"])
    desk = cast["curator"].get("/moderation/").content.decode()
    assert f'href="{tool.get_absolute_url()}fichier/"' in desk
    assert "Ouvrir le fichier guide.pdf" in desk


def test_a_draft_is_its_author_s_and_the_button_pressed_twice_makes_one(cast: dict[str, Client]) -> None:
    once = "5f0c6f1e-6a0f-4b62-a0f3-0c7f2a3f5e11"
    for _time in range(2):
        cast["stranger"].post(PROPOSE, {**TYPED, "once": once})
    tool = Tool.objects.get()
    assert tool.status == "draft"
    assert cast["stranger"].get(tool.get_absolute_url()).status_code == 200
    assert cast["member"].get(tool.get_absolute_url()).status_code == 404
    assert tool.title in cast["stranger"].get("/mon-espace/").content.decode()


def test_a_link_or_a_file_is_needed_and_what_was_typed_stays(cast: dict[str, Client]) -> None:
    answer = cast["member"].post(PROPOSE, {**TYPED, "url": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Donnez l’adresse Web de l’outil, ou joignez son fichier." in page
    assert "Douze questions" in page
    answer = cast["member"].post(PROPOSE, {**TYPED, "title": "", "url": "", "document": sent("a.pdf", PDF)})
    assert "Choisissez de nouveau «\u00a0a.pdf\u00a0»" in answer.content.decode()
    assert not Tool.objects.exists()


def test_the_same_address_is_not_proposed_twice(cast: dict[str, Client]) -> None:
    ToolFactory(url=TYPED["url"], title="Le guide du camion")
    answer = cast["member"].post(PROPOSE, TYPED)
    assert answer.status_code == 422
    assert "«\u00a0Le guide du camion\u00a0» est déjà dans la boîte à outils" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("Grille (2025).pdf", PDF, "pdf"),
        ("a.zip", archive("[Content_Types].xml", "word/document.xml"), "docx"),
        ("a.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        ("a.odt", archive("content.xml", mimetype=TYPES["odt"]), "odt"),
        ("../../etc/passwd.ods", archive("content.xml", mimetype=TYPES["ods"]), "ods"),
    ],
)
def test_a_file_is_kept_under_a_random_name_and_given_by_its_own(
    name: str, content: bytes, kind: str, cast: dict[str, Client], own_media: Path
) -> None:
    cast["member"].post(PROPOSE, {**TYPED, "url": "", "document": sent(name, content)})
    tool = Tool.objects.get()
    assert tool.file.name.startswith("tools/")
    assert tool.file.name.endswith(f".{kind}")
    assert "Grille" not in tool.file.name
    assert "/" not in tool.file_name
    assert tool.file_name.endswith(f".{kind}")
    address = f"{tool.get_absolute_url()}fichier/"
    assert cast["anonymous"].get(address).status_code == 404
    Tool.objects.filter(pk=tool.pk).update(status="published", published_at=tool.created_at)
    answer = cast["anonymous"].get(address)
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == TYPES[kind]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("vide.pdf", b"", "est vide"),
        ("lourd.pdf", PDF + b" " * MAX_BYTES, "dépasse 10 Mo"),
        ("tres-lourd.pdf", PDF + b" " * (30 * 1024 * 1024), "dépasse 10 Mo"),
        ("page.pdf", b"<html><script>alert(1)</script>", "n’est pas un document que nous prenons"),
        ("coupe.pdf", b"%PDF-1.7 coupe", "n’est pas un document que nous prenons"),
        ("abime.docx", b"PK\x03\x04abime", "n’est pas un document que nous prenons"),
        ("autre.docx", archive("index.html"), "n’est pas un document que nous prenons"),
        (
            "macros.docx",
            archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
            "contient des macros",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_is_said(
    name: str, content: bytes, said: str, cast: dict[str, Client], own_media: Path
) -> None:
    answer = cast["member"].post(PROPOSE, {**TYPED, "document": sent(name, content)})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert f"«\u00a0{name}\u00a0»" in page
    assert "Douze questions" in page
    assert not list(own_media.rglob("*.*"))


def test_a_file_replaced_is_swept_the_next_day(cast: dict[str, Client], own_media: Path) -> None:
    cast["member"].post(PROPOSE, {**TYPED, "document": sent("un.pdf", PDF)})
    tool = Tool.objects.get()
    first = own_media / tool.file.name
    cast["member"].post(f"{tool.get_absolute_url()}modifier/", {**TYPED, "document": sent("deux.pdf", PDF)})
    tool.refresh_from_db()
    second = own_media / tool.file.name
    assert first != second
    for path in (first, second):
        os.utime(path, (0, 0))
    sweep_tools(timestamp=0)
    assert not first.exists()
    assert second.exists()
    cast["member"].post(f"{tool.get_absolute_url()}modifier/", {**TYPED, "drop_file": "on"})
    tool.refresh_from_db()
    assert (tool.file.name, tool.file_name, tool.file_size) == ("", "", 0)


def test_two_people_change_the_same_tool(cast: dict[str, Client]) -> None:
    cast["member"].post(PROPOSE, TYPED)
    tool = Tool.objects.get()
    page = cast["curator"].get(f"{tool.get_absolute_url()}modifier/")
    versions = page.context["versions"]
    cast["member"].post(f"{tool.get_absolute_url()}modifier/", {**TYPED, "title": "Autre nom"})
    tool.refresh_from_db()
    answer = cast["curator"].post(
        f"{tool.get_absolute_url()}modifier/", {**TYPED, "title": "Encore un autre", "versions": versions}
    )
    assert answer.status_code == 409
    assert "Autre nom" in answer.content.decode()
    tool.refresh_from_db()
    assert tool.title == "Autre nom"


@pytest.mark.parametrize("others", [1, 3])
def test_the_page_of_a_tool_costs_the_same_whatever_goes_with_it(
    others: int, client: Client, db: None, django_assert_num_queries: Any
) -> None:
    tool = ToolFactory(topics=["budget"], kinds=["materiel"], stages=["pret"])
    for n in range(others):
        ToolFactory(topics=["budget"])
        ModelAgreement.objects.create(slug=f"m{n}", title=f"M{n}", kind="materiel", parties=[], summary="x")
    with django_assert_num_queries(6):
        page = client.get(tool.get_absolute_url()).content.decode()
    assert page.count("Outil") > others
