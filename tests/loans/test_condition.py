"""The pages of a hand-over and of a return: what was typed stays, photos are for two, a second count sees the first."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from directory.models import Resource
from directory.photos import sweep
from loans import handover, incidents, photos
from loans.models import Checklist, ConditionReport, Loan, LoanPhoto, LoanStatus, Moment
from mutualisation.kernel.moments import wall
from tests.directory.pictures import picture
from tests.directory.test_photos import bomb
from tests.factories import ResourceFactory
from tests.loans import lending
from tests.loans.lending import accepted, begun, borrower_of, brought, handed, in_days, lender_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def chairs() -> Resource:
    Checklist.objects.create(kind="materiel", moment="handover", items=["Comptées ensemble", "Propres"])
    return ResourceFactory(name="Chaises pliantes", quantity=50)


@pytest.fixture
def loan(chairs: Resource) -> Loan:
    return begun(accepted(chairs, quantity=20))


def signed(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(loan: Loan, **fields: Any) -> dict[str, Any]:
    """What a page sends."""
    now = wall(timezone.now())
    last = loan.reports.order_by("-pk").first()
    page = {
        "geste": "inscrire", "etat": loan.version, "counted": loan.outstanding, "state": "good",
        "day": now.date().isoformat(), "hour": now.strftime("%H:%M"), "vue": last.pk if last else "",
    }  # fmt: skip
    return {**page, **fields}


def address(loan: Loan, moment: str = "handover") -> str:
    return reverse(f"loan_{moment}", args=[loan.pk])


def test_a_sheet_is_filled_then_confirmed_by_the_other_side(loan: Loan) -> None:
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    page = lender.get(address(loan)).content.decode()
    assert ("Comptées ensemble" in page, 'max="20"' in page, 'type="time"' in page) == (True, True, False)
    sent = typed(loan, ok_0="on", item_0="Comptées ensemble", item_1="Propres", note_1="Une tachée", note="Rien")
    assert lender.post(address(loan), sent).status_code == 302
    report = ConditionReport.objects.get()
    assert report.checks == [
        {"item": "Comptées ensemble", "ok": True, "note": ""},
        {"item": "Propres", "ok": False, "note": "Une tachée"},
    ]
    mine, theirs = lender.get(address(loan)).content.decode(), borrower.get(address(loan)).content.decode()
    assert "C’est exact" not in mine
    assert "C’est exact" in theirs
    assert ("Attend l’autre organisme" in mine, "À confirmer</span>" in theirs) == (True, True)
    assert ("Attend l’autre organisme" in theirs, "À confirmer</span>" in mine) == (False, False)
    borrower.post(address(loan), {"geste": "confirmer", "fiche": report.pk, "version": report.version})
    report.refresh_from_db()
    assert report.is_confirmed
    assert "Confirmé par les deux" in lender.get(address(loan)).content.decode()


@pytest.mark.parametrize("typed_hour", ["%H h %M", "%Hh%M", "%H:%M"])
def test_the_hour_is_typed_as_in_a_request(loan: Loan, typed_hour: str) -> None:
    now = wall(timezone.now()).replace(second=0, microsecond=0)
    sent = typed(loan, hour=now.strftime(typed_hour), day=f"{now:%d/%m/%y}")
    assert signed(lender_of(loan)).post(address(loan), sent).status_code == 302
    assert wall(ConditionReport.objects.get().happened_at) == now


def test_what_was_typed_stays_when_it_is_refused(loan: Loan) -> None:
    client = signed(lender_of(loan))
    for wrong, words in (
        ({"counted": "21"}, "Il n’en reste que 20"),
        ({"counted": "0"}, "Comptez au moins"),
        ({"counted": ""}, "combien"),
        ({"day": "2026-02-30"}, "Le 30 février 2026 n’existe pas"),
        ({"hour": "25:00"}, "Écrivez une heure"),
        ({"day": (wall(timezone.now()) + datetime.timedelta(days=1)).date().isoformat()}, "pas encore arrivé"),
        ({"day": "0001-01-01"}, ""),
        ({"day": "9999-12-31"}, "hors du calendrier"),
    ):
        page = client.post(address(loan), typed(loan, note="Un pied tordu", **wrong))
        assert page.status_code == 422, wrong
        text = page.content.decode()
        assert words in text
        assert "Un pied tordu" in text
    assert not ConditionReport.objects.exists()


def test_a_session_that_expired_keeps_the_sheet(loan: Loan) -> None:
    client = Client()
    answer = client.post(address(loan), typed(loan, note="Deux pieds tordus"))
    assert answer.status_code == 302
    client.force_login(lender_of(loan))
    page = client.get(address(loan) + "?reprendre=1").content.decode()
    assert "Deux pieds tordus" in page


def test_the_second_of_two_counts_is_shown_the_first(loan: Loan) -> None:
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    first, second = typed(loan, counted=18, rest="never"), typed(loan, counted=20, note="Toutes là")
    assert lender.post(address(loan), first).status_code == 302
    answer = borrower.post(address(loan), {**second, "photos": [picture(size=(60, 40))]})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "<ins>18</ins>" in page
    assert "<p>20</p>" in page
    assert "Toutes là" in page
    report = ConditionReport.objects.get()
    assert (report.counted, report.note, report.photos.count()) == (18, "", 1)
    fixed = {**second, "geste": "corriger", "fiche": report.pk, "version": report.version}
    assert borrower.post(address(loan), fixed).status_code == 302
    report.refresh_from_db()
    assert (report.counted, report.filled_side, report.lender_at) == (20, "borrower", None)
    # and the lender, whose page is old by now, writes over nothing
    stale = typed(loan, counted=17, geste="corriger", fiche=report.pk, version=1)
    assert lender.post(address(loan), stale).status_code == 409
    report.refresh_from_db()
    assert report.counted == 20


def test_two_returns_at_once_are_one_or_two_as_they_say(loan: Loan) -> None:
    handed(loan)
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    same = typed(loan, counted=8, vue="")
    assert lender.post(address(loan, "return"), same).status_code == 302
    answer = borrower.post(address(loan, "return"), same)
    assert answer.status_code == 409
    assert "autre retour" in answer.content.decode()
    loan.refresh_from_db()
    assert loan.returned_quantity == 8
    assert borrower.post(address(loan, "return"), typed(loan, counted=8)).status_code == 302
    loan.refresh_from_db()
    assert (loan.returned_quantity, loan.reports.filter(moment="return").count()) == (16, 2)


def test_a_loan_that_changed_otherwise_keeps_what_was_typed(loan: Loan) -> None:
    client = signed(lender_of(loan))
    sent = typed(loan, note="Un pied tordu")
    Loan.objects.filter(pk=loan.pk).update(version=loan.version + 1)
    answer = client.post(address(loan), sent)
    assert answer.status_code == 409
    assert "Un pied tordu" in answer.content.decode()


def test_a_sheet_of_another_loan_is_out_of_reach(loan: Loan, chairs: Resource) -> None:
    other = begun(accepted(chairs, quantity=5))
    theirs = handed(other)
    client = signed(borrower_of(loan))
    for gesture in ("confirmer", "contester", "photos", "retirer"):
        answer = client.post(address(loan), {"geste": gesture, "fiche": theirs.pk, "version": 1, "remarque": "Non"})
        assert answer.status_code == 404
    sent = typed(loan, geste="corriger", fiche=theirs.pk, version=1, counted=1)
    client.post(address(loan), sent)
    theirs.refresh_from_db()
    assert (theirs.counted, theirs.version, theirs.borrower_at) == (5, 1, None)


def test_closing_and_reopening_are_buttons_of_the_lender(loan: Loan) -> None:
    handed(loan)
    brought(loan, 20)
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    assert "Terminer le prêt" in lender.get(address(loan, "return")).content.decode()
    assert "Terminer le prêt" not in borrower.get(address(loan, "return")).content.decode()
    loan.refresh_from_db()
    lender.post(reverse("loan_reopen", args=[loan.pk]), {"etat": loan.version, "manque": "2", "raison": "Deux"})
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding) == (LoanStatus.HANDED_OVER, 2)
    brought(loan, 2)
    lender.post(reverse("loan_close", args=[loan.pk]), {"etat": "1"})
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.RETURNED
    loan.refresh_from_db()
    lender.post(reverse("loan_close", args=[loan.pk]), {"etat": loan.version})
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.CLOSED


def test_the_gate_is_shown(loan: Loan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "obstacles", lambda loan: ["L’entente n’est pas signée."])
    client = signed(lender_of(loan))
    page = client.get(address(loan)).content.decode()
    assert "L’entente n’est pas signée." in page
    assert "Inscrire la remise" not in page
    assert client.post(address(loan), typed(loan)).status_code == 422
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.ACCEPTED


# ---- photos


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("page.jpg", b"<!doctype html><script>alert(1)</script>", "savons lire"),
        ("dessin.jpg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "savons lire"),
        ("bombe.png", bomb(), "trop de pixels"),
        ("lourde.jpg", b"\xff\xd8\xff" + b"0" * (50 * 1024 * 1024), "15 Mo"),
    ],
)
def test_what_is_not_a_photo_is_refused_and_the_sheet_kept(loan: Loan, name: str, data: bytes, words: str) -> None:
    bad = SimpleUploadedFile(name, data, content_type="image/jpeg")
    client = signed(lender_of(loan))
    answer = client.post(address(loan), typed(loan, photos=[picture("bon.jpg", size=(60, 40)), bad]), follow=True)
    page = answer.content.decode()
    assert name in page
    assert words in page
    assert ConditionReport.objects.get().photos.count() == 1
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.HANDED_OVER


def test_ten_photos_and_no_more(loan: Loan) -> None:
    files = [picture(f"{n}.jpg", size=(40, 30)) for n in range(11)]
    page = signed(lender_of(loan)).post(address(loan), typed(loan, photos=files), follow=True).content.decode()
    assert "10.jpg" in page
    assert "au plus 10 photos" in page
    report = ConditionReport.objects.get()
    assert report.photos.count() == 10
    more = {"geste": "photos", "fiche": report.pk, "photos": [picture("onze.jpg", size=(40, 30))]}
    told = signed(borrower_of(loan)).post(address(loan), more, follow=True).content.decode()
    assert (report.photos.count(), "Cette fiche a ses 10 photos" in told) == (10, True)


def test_a_photo_is_for_the_two_sides_and_for_no_cache(loan: Loan, chairs: Resource) -> None:
    report = handed(loan)
    photos.add(report, [picture("IMG_chez_Lucie.heic", form="HEIF")], by=lender_of(loan))
    shot = LoanPhoto.objects.get()
    where = reverse("loan_photo", args=[shot.uid, "1600"])
    assert "Lucie" not in where + shot.large.name
    for person in (lender_of(loan), borrower_of(loan)):
        answer = signed(person).get(where)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "image/webp"
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
        assert b"EXIF" not in answer.content
    other = begun(accepted(chairs, quantity=5))
    for person in (borrower_of(other),):
        assert signed(person).get(where).status_code == 404
    assert Client().get(where).status_code == 302
    assert Client().get("/media/" + shot.large.name).status_code == 404


def test_a_photo_sent_by_mistake_is_taken_back_by_its_author_until_both_confirmed(
    loan: Loan, django_capture_on_commit_callbacks: Any
) -> None:
    report = handed(loan)
    photos.add(report, [picture(size=(40, 30)), picture(size=(40, 30))], by=lender_of(loan))
    first, second = report.photos.all()
    sent = {"geste": "retirer", "fiche": report.pk, "photo": str(first.uid)}
    assert signed(borrower_of(loan)).post(address(loan), sent).status_code == 403
    path = Path(first.large.path)
    with django_capture_on_commit_callbacks(execute=True):
        signed(lender_of(loan)).post(address(loan), sent)
    assert not path.exists()
    assert list(report.photos.all()) == [second]
    handover.confirm(report, by=borrower_of(loan))
    again = signed(lender_of(loan)).post(address(loan), {**sent, "photo": str(second.uid)})
    assert again.status_code == 403
    assert report.photos.count() == 1


# ---- on paper, and for other kinds


def test_the_sheet_on_paper_is_blank_and_whole(loan: Loan) -> None:
    page = signed(borrower_of(loan)).get(reverse("loan_handover_print", args=[loan.pk])).content.decode()
    for words in ("Comptées ensemble", "Combien partent", "Signature", loan.lender.name, loan.borrower.name):
        assert words in page
    assert "<form" not in page.split('id="contenu"')[1].split("</main>")[0]


@pytest.mark.parametrize(
    ("kind", "words"), [("humain", "Première journée"), ("expertise", "Début du mandat"), ("locaux", "Remise")]
)
def test_each_kind_has_its_word_and_one_of_a_thing_is_not_counted(kind: str, words: str) -> None:
    loan = begun(accepted(ResourceFactory(kind=kind), in_days(3)))
    Loan.objects.filter(pk=loan.pk, resource__kind="humain").update(consent_on=timezone.localdate())
    if kind != "expertise":
        lending.signed(loan)
    client = signed(lender_of(loan))
    page = client.get(address(loan)).content.decode()
    assert f"<h1>{words}</h1>" in page
    assert 'name="counted"' not in page
    sent = typed(loan)
    del sent["counted"]
    assert client.post(address(loan), sent).status_code == 302
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.HANDED_OVER
    assert ConditionReport.objects.get().moment == Moment.HANDOVER


def shown_of(loan: Loan, user: Any) -> str:
    """What the loan's page says of its condition to someone."""
    request = RequestFactory().get(f"/prets/{loan.pk}/")
    request.user = user
    known = {"loan": loan, "request": request, "obstacles": [], "stopped": False}
    return render_to_string("loans/loan/_condition.html", known)


def test_the_page_of_the_loan_says_where_its_sheets_and_incidents_are(loan: Loan) -> None:
    following = accepted(loan.resource, in_days(3), quantity=50)
    assert "Inscrire la remise" in shown_of(following, lender_of(following))
    handed(loan)
    mine, theirs = shown_of(loan, lender_of(loan)), shown_of(loan, borrower_of(loan))
    assert "Attend l’autre organisme" in mine
    assert "À confirmer" in theirs
    brought(loan, 20)
    incidents.open_incident(loan, by=lender_of(loan), description="Tordues par le vent", units=2)
    assert "Tordues par le vent" in shown_of(loan, borrower_of(loan))
    warned = shown_of(following, borrower_of(following))
    assert "2 unités sur 50 sont en réparation." in warned
    assert "Tordues" not in warned
    assert loan.borrower.name not in warned
    assert "Voir l’incident" in shown_of(following, lender_of(following))


def test_the_thread_says_each_step_in_words(loan: Loan) -> None:
    report = handed(loan)
    handover.contest(report, by=borrower_of(loan), remark="Il en manque une")
    handover.correct(report, by=lender_of(loan), sheet=handover.Sheet(counted=19, happened_at=report.happened_at))
    handover.confirm(report, by=borrower_of(loan))
    brought(loan, 10)
    incident = incidents.open_incident(loan, by=lender_of(loan), description="Tordues", units=1, payer="shared")
    incidents.agree_payer(incident, by=borrower_of(loan), payer="shared", estimate=None)
    incidents.reschedule(incident, by=lender_of(loan), back_on=in_days(30).lower.date())
    incidents.close(incident, by=lender_of(loan), outcome="Redressées")
    page = signed(borrower_of(loan)).get(loan.get_absolute_url()).content.decode()
    for verb in loan.events.values_list("verb", flat=True):
        assert "_" not in verb or verb not in page, verb
    for words in ("Compté\u00a0: 10 sur 20", "a contesté la fiche", "Les deux", "a réglé l’incident"):
        assert words in page


def test_files_of_loans_that_no_photo_names_go_and_the_others_stay(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    left = tmp_path / "prets" / "abandonnee" / "1600.webp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    assert sweep(LoanPhoto) == 0  # younger than a day: perhaps a sending under way
    os.utime(left, (0, 0))
    other = tmp_path / "photos" / "autre" / "1600.webp"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"x")
    os.utime(other, (0, 0))
    assert sweep(LoanPhoto) == 1
    assert not left.exists()
    assert other.exists()  # the photos of entries are swept by their own


def test_the_rest_leaves_another_day_or_not_at_all(loan: Loan) -> None:
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    silent = lender.post(address(loan), typed(loan, counted=8, note="Deux voyages"))
    assert silent.status_code == 422
    assert "dites si le reste partira plus tard" in silent.content.decode()
    assert "Deux voyages" in silent.content.decode()
    assert lender.post(address(loan), typed(loan, counted=8, rest="later"), follow=True).status_code == 200
    loan.refresh_from_db()
    assert (loan.out, loan.to_come) == (8, 12)
    page = borrower.get(address(loan)).content.decode()
    assert "Remise de 8 sur 20" in page
    assert "La remise du reste" in page
    assert 'max="12"' in page
    assert "Inscrire la remise du reste" in lender.get(loan.get_absolute_url()).content.decode()
    assert 'max="8"' in lender.get(address(loan, "return")).content.decode()
    Loan.objects.filter(pk=loan.pk).update(ends_at=loan.ends_at + datetime.timedelta(days=3))
    todo = lender.get("/mon-espace/").content.decode()
    assert "À remettre" in todo
    stale = lender.post(address(loan), {"geste": "garder", "etat": loan.version - 1}, follow=True)
    assert "a changé pendant que vous lisiez" in stale.content.decode()
    lender.post(address(loan), {"geste": "garder", "etat": loan.version})
    loan.refresh_from_db()
    assert (loan.out, loan.to_come) == (8, 0)
    assert "Le reste ne partira pas" not in lender.get(address(loan)).content.decode()
