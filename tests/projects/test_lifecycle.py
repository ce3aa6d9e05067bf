"""The stages of a project, role by role and move by move; what curators, the journal and the documents do."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from directory.queue import queue
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.uploads import MAX_FILE
from projects.lifecycle import Facts, checklist, move_stage, stage_moves
from projects.models import ASIDE, STAGE_MOVES, Document, News, Project, Stage
from projects.news import follow, take_down, tell
from tests.directory.pictures import picture
from tests.factories import CuratorshipFactory, OrganisationFactory, TerritoryFactory, UserFactory
from tests.projects.building import build, join, someone_of

pytestmark = pytest.mark.django_db

NAMES = {
    "idee": {"avancer-coconstruction", "pause", "terminer"},
    "coconstruction": {"avancer-experimentation", "revenir-idee", "pause", "terminer"},
    "experimentation": {"avancer-deploiement", "revenir-coconstruction", "pause", "terminer"},
    "deploiement": {"avancer-perennisation", "revenir-experimentation", "pause", "terminer"},
    "perennisation": {"revenir-deploiement", "pause", "terminer"},
    "en_pause": {"reprendre", "terminer"},
    "termine": {"rouvrir"},
}


def at(stage: str) -> Project:
    return build(stage=stage, stood_at="coconstruction" if stage in ASIDE else "")


@pytest.mark.parametrize("stage", Stage.values)
@pytest.mark.parametrize("role", ["anonymous", "stranger", "partner", "bearer", "curator", "outsider", "administrator"])
def test_who_may_move_from_each_stage(stage: str, role: str) -> None:
    from django.contrib.auth.models import AnonymousUser

    project = at("idee")
    partner = join(project).offered_by
    Project.objects.filter(pk=project.pk).delete()
    project = at(stage)
    people = {
        "anonymous": lambda: AnonymousUser(),
        "stranger": lambda: UserFactory(),
        "partner": lambda: partner,
        "bearer": lambda: someone_of(project.organisation),
        "curator": lambda: CuratorshipFactory(territory=project.organisation.territory).user,
        "outsider": lambda: CuratorshipFactory(territory=TerritoryFactory()).user,
        "administrator": lambda: UserFactory(admin=True),
    }
    user: Any = people[role]()
    found = {m.name for m in stage_moves(user, project)}
    assert found == (NAMES[stage] if role in ("bearer", "curator", "administrator") else set())


@pytest.mark.parametrize("source", Stage.values)
@pytest.mark.parametrize("target", Stage.values)
def test_the_database_refuses_impossible_stages(source: str, target: str) -> None:
    project = at(source)
    stood_at = "coconstruction" if target in ASIDE else ""
    rows = Project.objects.filter(pk=project.pk)
    back = source in ASIDE and target not in ASIDE
    possible = target == source or (target in STAGE_MOVES[source] and (not back or target == "coconstruction"))
    if possible:
        assert rows.update(stage=target, stood_at=stood_at) == 1
    else:
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            rows.update(stage=target, stood_at=stood_at)


def test_a_pause_remembers_where_it_stood_and_a_stale_page_is_refused() -> None:
    project = at("coconstruction")
    bearer = someone_of(project.organisation)
    move_stage(project, "pause", by=bearer)
    assert (project.stage, project.stood_at) == ("en_pause", "coconstruction")
    with pytest.raises(AlreadyMoved):
        move_stage(project, "pause", by=bearer)
    move_stage(project, "terminer", by=bearer)
    move_stage(project, "rouvrir", by=bearer)
    assert (project.stage, project.stood_at) == ("coconstruction", "")
    client = Client()
    client.force_login(bearer)
    address = reverse("project_move", args=[project.slug])
    client.post(address, {"geste": "avancer-experimentation"})
    answer = client.post(address, {"geste": "avancer-experimentation"}, follow=True)
    assert "déjà «\u00a0Expérimentation\u00a0»" in answer.content.decode()
    assert client.post(address, {"geste": "autre"}).status_code == 404


@pytest.mark.parametrize("stage", Stage.values)
def test_each_stage_has_its_checklist(stage: str) -> None:
    project = at(stage)
    checks = checklist(project, Facts())
    assert checks
    assert not all(done for _label, done in checks)


def test_what_is_published_is_read_again_by_the_curators() -> None:
    organisation = OrganisationFactory()
    curator = CuratorshipFactory(territory=organisation.territory).user
    bearer = someone_of(organisation)
    project = build(organisation=organisation)
    assert not [i for i in queue(curator) if i.model == "project"]
    tell(project=project, title="Un camion", body="Il roule.", by=bearer)
    assert [(i.reason, i.title) for i in queue(curator) if i.model == "project"] == [("read", project.title)]
    client = Client()
    client.force_login(curator)
    assert project.title in client.get("/moderation/").content.decode()
    key = f"read.project.{project.pk}"
    client.post("/moderation/decider/", {"key": key, "verb": "return", "note": "Précisez le lieu."})
    project.refresh_from_db()
    assert (project.status, project.returned_note) == ("returned", "Précisez le lieu.")
    assert client.get(f"/historique/projet/{project.slug}/").status_code == 200


# ---- the journal


def test_a_news_is_written_once_to_each_follower() -> None:
    project = build()
    followers = [UserFactory(), UserFactory()]
    for person in followers:
        follow(project=project, by=person)
    UserFactory()
    news = tell(project=project, title="Le camion roule", body="Enfin.", by=someone_of(project.organisation))
    mails = Mail.objects.filter(event=f"project-news:{news.pk}")
    assert {m.to for m in mails} == {p.email for p in followers}
    assert all("/projets/suivi/" in m.text for m in mails)


def test_the_email_of_a_news_holds_its_text() -> None:
    project = build()
    follow(project=project, by=UserFactory())
    body = "Il **roule**\u00a0: https://camion.example/horaire.\n\n<script>non</script>"
    tell(project=project, title="Le camion", body=body, by=someone_of(project.organisation), photos=[picture()])
    mail = Mail.objects.get()
    assert "Il **roule**\u00a0: https://camion.example/horaire." in mail.text
    assert "Une photo se voit" in mail.text
    assert "<strong>roule</strong>" in mail.html
    assert '<a href="https://camion.example/horaire" rel="noopener nofollow">' in mail.html
    assert "<script>" not in mail.html


def test_hostile_html_in_a_news_is_only_text() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    body = "<script>alert(1)</script> <img src=x onerror=alert(2)> [lien](javascript:alert(3)) **gras**"
    tell(project=project, title="<b>Titre</b>", body=body, by=bearer)
    text = Client().get(project.get_absolute_url()).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert 'href="javascript' not in text
    assert "<b>Titre</b>" not in text
    assert "<strong>gras</strong>" in text


def test_a_news_waits_for_all_its_photos_which_follow_the_project() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    client = Client()
    client.force_login(bearer)
    follow(project=project, by=UserFactory())
    address = reverse("news_create", args=[project.slug])
    said = {"title": "Photos", "body": "Un camion bleu."}
    for broken in (SimpleUploadedFile("x.jpg", b"non"), SimpleUploadedFile("lourde.jpg", b"x" * (MAX_FILE + 1))):
        answer = client.post(address, {**said, "photos": [picture(size=(60, 40)), broken]})
        assert answer.status_code == 422
        assert broken.name in answer.content.decode()
        assert "Un camion bleu." in answer.content.decode()
        assert not News.objects.exists()
        assert not Mail.objects.exists()
    client.post(address, {**said, "photos": [picture(size=(60, 40))]})
    assert Mail.objects.exists()
    photo = News.objects.get().photos.get()
    address = reverse("news_photo", args=[photo.uid, "480"])
    assert Client().get(address)["Content-Type"] == "image/webp"
    Project.objects.update(status="archived")
    assert Client().get(address).status_code == 404
    take_down(News.objects.get(), by=bearer)
    assert not News.objects.exists()


def test_a_news_corrected_by_two_is_not_overwritten() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    news = tell(project=project, title="Un", body="Deux.", by=bearer)
    client = Client()
    client.force_login(bearer)
    address = reverse("news_edit", args=[project.slug, news.pk])
    seen = client.get(address).context["seen"]
    client.post(address, {"title": "Leur titre", "body": "Deux.", "seen": seen})
    answer = client.post(address, {"title": "Mon titre", "body": "Deux.", "seen": seen})
    assert answer.status_code == 409
    assert "Mon titre" in answer.content.decode()
    assert "Leur titre" in answer.content.decode()
    assert News.objects.get().title == "Leur titre"


def test_what_photos_show_is_typed_read_and_corrected() -> None:
    project = build()
    client = Client()
    client.force_login(someone_of(project.organisation))
    said = {"title": "Photos", "body": "Deux.", "photos": [picture(size=(60, 40)), picture(size=(40, 60))]}
    answer = client.post(reverse("news_create", args=[project.slug]), said)
    news = News.objects.get()
    address = reverse("news_edit", args=[project.slug, news.pk])
    assert answer["Location"] == address + "#photos-de-la-nouvelle"
    one, two = news.photos.order_by("pk")
    seen = client.get(address).context["seen"]
    sent = {"title": "Photos", "body": "Deux.", "seen": seen, f"alt-{one.uid}": "Le  camion, <b>vu</b> de loin"}
    client.post(address, {**sent, "retirer": [str(two.uid)], "photos": [picture(size=(50, 50))]})
    assert [p.alt for p in news.photos.order_by("pk")] == ["Le camion, <b>vu</b> de loin", ""]
    page = Client().get(project.get_absolute_url()).content.decode()
    assert "<span>Le camion, &lt;b&gt;vu&lt;/b&gt; de loin</span>" in page
    assert 'alt="Photo 2, en grand"' in page
    # a page read before does not erase what was described since
    stale = client.post(address, {**sent, f"alt-{one.uid}": "Autre chose"})
    assert stale.status_code == 409
    assert "Autre chose" in stale.content.decode()
    one.refresh_from_db()
    assert one.alt == "Le camion, <b>vu</b> de loin"


# ---- documents


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"%PDF-1.7 suite %%EOF", "pdf"),
        ("b.bin", office("[Content_Types].xml", "word/document.xml"), "docx"),
        ("c.xlsx", office("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        ("d.pdf", b"<html><script>", ""),
        ("e.docx", office("word/document.xml", "word/vbaProject.bin"), ""),
        ("f.docx", b"PK\x03\x04abime", ""),
        ("g.zip", office("virus.exe"), ""),
    ],
)
def test_a_document_is_what_its_content_says(name: str, content: bytes, kind: str) -> None:
    project = build()
    client = Client()
    client.force_login(someone_of(project.organisation))
    address = reverse("project_documents", args=[project.slug])
    answer = client.post(address, {"title": "Le plan", "file": SimpleUploadedFile(name, content)})
    if not kind:
        assert answer.status_code == 422
        assert "Le plan" in answer.content.decode()
        assert not Document.objects.exists()
        return
    document = Document.objects.get()
    assert document.kind == kind
    got = Client().get(reverse("project_document", args=[project.slug, document.uid]))
    assert got["Content-Disposition"] == f'attachment; filename="le-plan.{kind}"'
    assert b"".join(got.streaming_content) == content  # type: ignore[attr-defined]
    Project.objects.update(status="draft")
    assert Client().get(reverse("project_document", args=[project.slug, document.uid])).status_code == 404
    client.post(reverse("document_remove", args=[project.slug, document.uid]))
    assert not Document.objects.exists()


def test_what_the_stage_takes_is_told_and_its_moves_are_never_folded() -> None:
    project = build(description="Le territoire est grand.", inclusion="Elles décident.")
    project.territories.add(project.organisation.territory)
    bearer = Client()
    bearer.force_login(someone_of(project.organisation))
    page = bearer.get(project.get_absolute_url()).content.decode()
    assert "tout y est" in page
    folded = "".join(re.findall("<details.*?</details>", page, re.DOTALL))
    for said in ("Passer à l’étape", "Mettre en pause", "Terminer le projet"):
        assert said in page
        assert said not in folded
    move_stage(project, "terminer", by=someone_of(project.organisation))
    page = bearer.get(project.get_absolute_url()).content.decode()
    assert "tout y est" not in page
    assert 'class="checks"' not in page
    assert "Rouvrir" in page
