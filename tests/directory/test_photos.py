"""Photos: what comes in, what is kept of it, what is refused, who may see it."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from directory.models import Practice, Resource, ResourcePhoto
from directory.photos import PhotoError, add, prepare, remove
from tests.directory.pictures import picture
from tests.factories import MembershipFactory, PracticeFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def lucie(client: Client) -> Any:
    """A member, signed in."""
    membership = MembershipFactory()
    client.force_login(membership.user)
    return membership


@pytest.fixture
def hall(lucie: Any) -> Resource:
    return ResourceFactory(organisation=lucie.organisation, name="Salle")


def send(client: Client, resource: Resource, *files: Any, **more: Any) -> Any:
    return client.post(reverse("resource_photos", args=[resource.slug]), {"photos": list(files), **more})


@pytest.mark.parametrize(
    ("name", "form"), [("a.jpg", "JPEG"), ("b.png", "PNG"), ("c.heic", "HEIF"), ("d.webp", "WEBP")]
)
def test_every_format_of_a_phone_becomes_two_webp_without_anything_else(name: str, form: str) -> None:
    done = prepare(picture(name, form=form))
    large, small = Image.open(io.BytesIO(done.large)), Image.open(io.BytesIO(done.small))
    assert (large.format, small.format) == ("WEBP", "WEBP")
    assert max(large.size) == 1600
    assert max(small.size) == 480
    assert (done.width, done.height) == large.size
    for data in (done.large, done.small):
        assert not Image.open(io.BytesIO(data)).getexif()
        assert not any(mark in data for mark in (b"EXIF", b"Lucie", b"XMP ", b"ICCP"))


def test_the_picture_sent_did_have_a_position() -> None:
    """So that the test above has something to lose."""
    exif = Image.open(picture()).getexif()
    assert exif.get_ifd(0x8825)[2] == (45.0, 15.0, 23.0)
    assert "Lucie" in exif[0x010F]


def test_a_picture_turned_by_the_phone_stands_upright() -> None:
    done = prepare(picture(size=(800, 400)))
    assert (done.width, done.height) == (400, 800)
    image = Image.open(io.BytesIO(done.large)).convert("RGB")
    assert image.getpixel((200, 50))[2] > 200  # the left half, blue, is now on top
    assert image.getpixel((200, 750))[0] > 200


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_a_very_wide_picture_is_reduced_then_turned(form: str) -> None:
    done = prepare(picture(size=(9600, 300), form=form))
    assert done.height == 1600
    image = Image.open(io.BytesIO(done.large)).convert("RGB")
    assert image.getpixel((done.width // 2, 50))[2] > 200


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_sort_of_colours_comes_in(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    out = io.BytesIO()
    Image.new(mode, (60, 40)).save(out, form)
    assert prepare(SimpleUploadedFile("a", out.getvalue())).width == 60


def test_a_small_picture_is_not_blown_up_and_a_transparent_one_lands_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (100, 50), (0, 0, 0, 0)).save(out, "PNG")
    done = prepare(SimpleUploadedFile("logo.png", out.getvalue()))
    assert (done.width, done.height) == (100, 50)
    assert Image.open(io.BytesIO(done.large)).convert("RGB").getpixel((10, 10)) == (255, 255, 255)


def bomb() -> bytes:
    """A PNG of a few kilobytes that says 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (30000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("page.jpg", b"<!doctype html><script>alert(1)</script>", "savons lire"),
        ("dessin.jpg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "savons lire"),
        ("vide.jpg", b"", "savons lire"),
        ("gif.jpg", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "savons lire"),
        ("bombe.png", bomb(), "trop de pixels"),
        ("coupee.jpg", picture().read()[:4000], "abîmé"),
        ("coupee.png", picture(form="PNG").read()[:2000], "abîmé"),
        ("coupee.heic", picture(form="HEIF").read()[:900], ""),
        ("coupee.webp", picture(form="WEBP").read()[:700], ""),
        ("lourde.jpg", b"\xff\xd8\xff" + b"0" * (15 * 1024 * 1024), "15 Mo"),
    ],
)
def test_what_is_not_a_sound_photo_is_refused_in_a_sentence(name: str, data: bytes, words: str) -> None:
    with pytest.raises(PhotoError) as refusal:
        prepare(SimpleUploadedFile(name, data, content_type="image/jpeg"))
    assert words in str(refusal.value)
    assert name in str(refusal.value)


def test_a_member_adds_two_photos_and_the_good_one_is_kept_when_another_is_refused(
    client: Client, hall: Resource
) -> None:
    assert send(client, hall, picture("a.jpg"), picture("b.heic", form="HEIF")).status_code == 302
    assert hall.photos.count() == 2
    bad = SimpleUploadedFile("page.jpg", b"<html>", content_type="image/jpeg")
    response = send(client, hall, picture("c.png", form="PNG"), bad)
    assert response.status_code == 422
    assert "« page.jpg » n’est pas une photo" in response.content.decode()
    assert hall.photos.count() == 3


def test_a_file_that_is_too_large_is_dropped_on_the_way(client: Client, hall: Resource) -> None:
    heavy = SimpleUploadedFile("lourde.jpg", b"\xff\xd8\xff" + b"0" * (16 * 1024 * 1024))
    response = send(client, hall, heavy, picture("a.jpg"))
    assert response.status_code == 422
    assert "« lourde.jpg » dépasse 15 Mo" in response.content.decode()
    assert hall.photos.count() == 1


def test_eight_photos_and_no_more(client: Client, hall: Resource) -> None:
    small = [picture(f"{n}.jpg", size=(40, 30)) for n in range(9)]
    response = send(client, hall, *small)
    assert response.status_code == 422
    assert "au plus 8 photos" in response.content.decode()
    assert hall.photos.count() == 8


def test_words_order_and_deletion(client: Client, hall: Resource, django_capture_on_commit_callbacks: Any) -> None:
    add(hall, [picture("a.jpg", size=(40, 30))], by=None)
    # Photos chosen before another button was pressed are not lost.
    send(client, hall, picture("b.jpg", size=(40, 30)), monter=str(hall.photos.get().uid))
    first, second = hall.photos.order_by("position")
    send(client, hall, **{f"alt-{first.uid}": "La salle vide", "descendre": str(first.uid)})
    assert [p.uid for p in hall.photos.order_by("position")] == [second.uid, first.uid]
    first.refresh_from_db()
    assert first.alt == "La salle vide"
    path = Path(first.large.path)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        send(client, hall, supprimer=str(first.uid))
    assert not path.exists()
    assert list(hall.photos.values_list("uid", flat=True)) == [second.uid]


def test_a_photo_of_another_resource_is_out_of_reach(client: Client, hall: Resource) -> None:
    other = ResourceFactory()
    add(other, [picture("a.jpg", size=(40, 30))], by=None)
    uid = str(other.photos.get().uid)
    send(client, hall, supprimer=uid, **{f"alt-{uid}": "Volée"})
    assert not remove(hall, uid, by=None)
    assert other.photos.get().alt == ""
    assert send(client, other, picture("b.jpg")).status_code == 403
    assert other.photos.count() == 1


def test_a_photo_is_served_as_what_it_is(client: Client, hall: Resource) -> None:
    add(hall, [picture()], by=None)
    photo = ResourcePhoto.objects.get()
    client.logout()
    response = client.get(reverse("photo", args=[photo.uid, "480"]))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"].startswith("public")
    again = client.get(reverse("photo", args=[photo.uid, "480"]), headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert client.get(reverse("photo", args=[photo.uid, "9999"])).status_code == 404
    assert client.get("/media/" + photo.large.name).status_code == 404


def test_a_restricted_photo_is_hidden_even_from_who_has_its_mark(client: Client, hall: Resource) -> None:
    add(hall, [picture()], by=None)
    address = reverse("photo", args=[hall.photos.get().uid, "1600"])
    etag = client.get(address)["ETag"]
    Resource.objects.filter(pk=hall.pk).update(visibility="organisations")
    own = client.get(address)
    assert own.status_code == 200
    assert own["Cache-Control"].startswith("private")
    assert own["X-Robots-Tag"] == "noindex"
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 404


def test_photos_are_drawn_on_the_page_the_cards_and_in_shares(client: Client, hall: Resource) -> None:
    add(hall, [picture(), picture()], by=None)
    client.logout()
    first = hall.photos.order_by("position").first()
    page = client.get(hall.get_absolute_url()).content.decode()
    assert f'<meta property="og:image" content="http://testserver/photos/{first.uid}/1600.webp">' in page
    assert page.count("<img ") == 2
    cards = client.get(reverse("resource_list")).content.decode()
    assert f'src="/photos/{first.uid}/480.webp" alt="" width="360" height="480" loading="lazy"' in cards


def test_a_list_reads_the_photos_of_all_its_cards_at_once(client: Client, django_assert_num_queries: Any) -> None:
    for n in range(3):
        add(ResourceFactory(), [picture(size=(20 + n, 20))], by=None)
    with django_assert_num_queries(2):
        rows = list(Resource.objects.for_list())
        assert all(r.cover for r in rows)


def test_a_sending_too_large_for_anything_is_refused_before_it_is_read(
    client: Client, hall: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mutualisation.kernel.uploads.MAX_REQUEST", 1000)
    assert send(client, hall, picture("a.jpg")).status_code == 400
    assert not hall.photos.exists()


# ---- of a story


def test_a_story_has_photos_that_are_public_with_it(client: Client, lucie: Any) -> None:
    story = PracticeFactory(proposed_by=lucie.user, status="draft", published_at=None)
    address = reverse("practice_photos", args=[story.slug])
    sent = client.post(address, {"photos": [picture("a.jpg"), picture("b.jpg")]}, follow=True)
    assert sent.status_code == 200
    first, second = story.photos.order_by("position")
    client.post(address, {f"alt-{first.uid}": "Le camion", f"alt-{second.uid}": "La cour", "descendre": str(first.uid)})
    assert [p.alt for p in story.photos.order_by("position")] == ["La cour", "Le camion"]
    page = client.get(story.get_absolute_url()).content.decode()
    assert page.index('alt="La cour"') < page.index('alt="Le camion"')
    shown = reverse("photo", args=[first.uid, "480"])
    assert (client.get(shown).status_code, Client().get(shown).status_code) == (200, 404)
    Practice.objects.filter(pk=story.pk).update(status="published", published_at=timezone.now())
    answer = Client().get(shown)
    assert answer.status_code == 200
    assert "public" in answer["Cache-Control"]
    assert "exif" not in answer.content.decode("latin-1").lower()
    assert client.get(address).status_code == 403  # published: it is the curators' from now on
    assert client.post(address, {"supprimer": str(first.uid)}).status_code == 403
    assert story.photos.count() == 2


def test_a_photo_of_another_story_is_not_touched(client: Client, lucie: Any) -> None:
    mine, hers = (PracticeFactory(proposed_by=u, status="draft") for u in (lucie.user, UserFactory()))
    add(hers, [picture(size=(60, 40))], by=None)
    uid = hers.photos.get().uid
    client.post(reverse("practice_photos", args=[mine.slug]), {"supprimer": str(uid), f"alt-{uid}": "Vue"})
    assert hers.photos.get().alt == ""
