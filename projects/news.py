"""What a project tells: its journal and its documents; and who is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from directory.lifecycle import edited
from directory.permissions import require
from directory.photos import Prepared, discard, keep
from mutualisation.kernel.documents import DocumentError, read
from projects import notifications
from projects.models import Document, Follower, News, NewsPhoto, Project
from projects.permissions import can_lead

PHOTOS_AT_MOST = 6
DOCUMENTS_AT_MOST = 40


@transaction.atomic
def tell(*, project: Project, title: str, body: str, by: Any, photos: Iterable[Any] = ()) -> News:
    """Add a news to the journal and write to who follows. Raises ValidationError, a sentence for each photo refused."""
    require(can_lead(by, project))
    news = News.objects.create(project=project, title=title, body=body, by=by)
    if refused := _keep_photos(news, photos, room=PHOTOS_AT_MOST):
        raise ValidationError(refused)
    edited(project, by=by)
    if project.is_public:
        notifications.told(news)
    return news


def _keep_photos(news: News, files: Iterable[Any], *, room: int) -> list[str]:
    """Keep these photos with a news; gives a sentence for each one refused."""

    def blank(done: Prepared, rank: int) -> NewsPhoto:
        return NewsPhoto(news=news, width=done.width, height=done.height)

    too_many = _("« %%(name)s » n’a pas été gardée : une nouvelle compte au plus %(n)s photos.")
    _kept, refused = keep(files, room=room, too_many=too_many % {"n": PHOTOS_AT_MOST}, blank=blank)
    return refused


@transaction.atomic
def rewrite_news(
    news: News, *, title: str, body: str, by: Any, seen: str, words: Mapping[str, str] | None = None,
    photos: Iterable[Any] = (), without: Iterable[str] = (),
) -> list[str] | None:  # fmt: skip
    """Correct a news; nobody is written to again. ``words``: what each photo shows, by uid; ``without``: those to drop.

    Gives a sentence for each photo refused; None, and nothing changed, when someone corrected it since it was read.
    """
    require(can_lead(by, news.project))
    held = News.objects.select_for_update(of=("self",)).get(pk=news.pk)
    if seen != stamp(held):
        return None
    held.title, held.body = title, body
    held.save(update_fields=["title", "body"])
    gone = set(without)
    for photo in held.photos.all():
        if str(photo.uid) in gone:
            discard(photo)
            continue
        alt = " ".join((words or {}).get(str(photo.uid), photo.alt).split())[:160]
        if alt != photo.alt:
            photo.alt = alt
            photo.save(update_fields=["alt"])
    refused = _keep_photos(held, photos, room=PHOTOS_AT_MOST - held.photos.count())
    edited(news.project, by=by)
    return refused


def stamp(news: News) -> str:
    """What moves when a news is corrected, or what its photos show."""
    shown = [f"{uid} {alt}" for uid, alt in news.photos.order_by("pk").values_list("uid", "alt")]
    return signing.Signer(salt="projects.news").signature("\n".join([news.title, news.body, *shown]))[:16]


@transaction.atomic
def take_down(news: News, *, by: Any) -> None:
    """Remove a news and its photos."""
    require(can_lead(by, news.project))
    for photo in news.photos.all():
        discard(photo)
    news.delete()


# ---- documents


@transaction.atomic
def add_document(*, project: Project, title: str, file: Any, by: Any) -> Document:
    """Keep a document with a project. Raises DocumentError."""
    require(can_lead(by, project))
    kind = read(file).type
    Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    if project.documents.count() >= DOCUMENTS_AT_MOST:
        raise DocumentError(_("Un projet garde au plus %d documents : retirez-en un d’abord.") % DOCUMENTS_AT_MOST)
    document = Document(project=project, title=title, kind=kind, size=file.size, added_by=by)
    document.file.save("x", File(file), save=False)
    document.save()
    edited(project, by=by)
    return document


@transaction.atomic
def remove_document(document: Document, *, by: Any) -> None:
    """Take a document off; its file goes once that is committed."""
    require(can_lead(by, document.project))
    document.delete()
    transaction.on_commit(partial(document.file.storage.delete, str(document.file.name)))


# ---- followers


@transaction.atomic
def follow(*, project: Project, by: Any) -> None:
    """Be told of its news by e-mail; asking twice is asking once."""
    require(by.is_authenticated)
    Follower.objects.get_or_create(project=project, user=by)


@transaction.atomic
def unfollow(*, project: Project, by: Any) -> None:
    Follower.objects.filter(project=project, user=by).delete()


def read_stop(token: str) -> tuple[Project, User] | None:
    """Whose e-mails about which project a link stops; None for a link cut or made elsewhere."""
    try:
        said = signing.loads(token, salt=notifications.SALT)
    except signing.BadSignature:
        return None
    project = Project.objects.filter(pk=said["p"]).first()
    person = User.objects.filter(pk=said["u"]).first()
    return (project, person) if project and person else None
