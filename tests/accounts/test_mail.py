"""The outbox: written with what causes it, or not at all; sent once; tried again; failures kept for administrators."""

from __future__ import annotations

import pytest
from django.core import mail as django_mail
from django.db import transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import mail
from accounts.models import Mail, User
from accounts.tasks import send_mail
from tests.accounts.people import sign_in, sign_up, someone
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class Unwell(Exception):  # noqa: N818
    pass


def write(to: str = "ana@ici.example", event: str = "essai:1") -> Mail | None:
    return mail.write(event=event, to=to, template="account_login_code", code="AB12-CD34")


def test_written_with_its_job_or_not_at_all() -> None:
    def write_then_break() -> None:
        with transaction.atomic():
            write()
            assert ProcrastinateJob.objects.filter(task_name="send_mail").count() == 1
            raise Unwell

    with pytest.raises(Unwell):
        write_then_break()
    assert not Mail.objects.exists()
    assert not ProcrastinateJob.objects.exists()
    written = write()
    assert ProcrastinateJob.objects.get(task_name="send_mail").args == {"mail_id": written.pk}


def test_a_sign_up_that_fails_after_its_mail_leaves_neither(client: Client, settings) -> None:
    """The view of the address makes one transaction of both: here the redirection is what breaks."""
    settings.ACCOUNT_ADAPTER = "tests.accounts.test_mail.BrokenAdapter"
    client.raise_request_exception = False
    assert sign_up(client).status_code == 500
    assert not User.objects.exists()
    assert not Mail.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_text_and_html_are_twins_and_the_first_line_is_the_subject() -> None:
    written = write()
    assert written.subject == "Votre code de connexion à Mutualisation"
    assert "AB12-CD34" in written.text
    assert "AB12-CD34" in written.html
    assert not written.text.startswith("Votre code")


def test_names_are_not_escaped_in_text_and_are_in_html() -> None:
    written = mail.write(
        event="essai:2", to="ana@ici.example", template="account_email_changed", from_email="d'eau@ici.example",
        to_email="<b>@ici.example", privacy_url="https://portail.example/", reset_url="",
    )  # fmt: skip
    assert "d'eau@ici.example" in written.text
    assert "<b>@" not in written.html
    assert "&lt;b&gt;@" in written.html


def test_the_same_event_writes_once_to_the_same_address() -> None:
    assert write() is not None
    assert write() is None
    assert write(to="luc@ici.example") is not None
    assert Mail.objects.count() == 2


def test_sent_once_whatever_the_number_of_jobs() -> None:
    written = write()
    for _n in range(3):
        send_mail(mail_id=written.pk)
    assert len(django_mail.outbox) == 1
    message = django_mail.outbox[0]
    assert message.to == ["ana@ici.example"]
    assert message.alternatives[0][1] == "text/html"
    written.refresh_from_db()
    assert written.sent_at


def test_a_refusal_is_recorded_then_retried(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    written = write()
    with pytest.raises(OSError):  # noqa: PT011 - the queue must hear of it to try again
        send_mail(mail_id=written.pk)
    written.refresh_from_db()
    assert "ConnectionRefusedError" in written.failure
    assert written.sent_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_mail(mail_id=written.pk)
    written.refresh_from_db()
    assert written.sent_at
    assert written.failure == ""


def test_the_queue_tries_for_about_a_day() -> None:
    strategy = send_mail.retry_strategy
    assert strategy.max_attempts == 8
    assert 12 * 3600 < sum(strategy.exponential_wait ** (n + 1) for n in range(8)) < 48 * 3600


def test_administrators_see_failures_and_not_the_text(client: Client) -> None:
    written = write()
    Mail.objects.filter(pk=written.pk).update(failure="2026-11-21 SMTPRefused : boîte pleine")
    write(to="luc@ici.example")
    client.force_login(UserFactory(admin=True))
    page = client.get("/admin/accounts/mail/?etat=echec").content.decode()
    assert "boîte pleine" in page
    assert "luc@ici.example" not in page
    detail = client.get(f"/admin/accounts/mail/{written.pk}/change/").content.decode()
    assert "boîte pleine" in detail
    assert "AB12-CD34" not in detail


def test_the_outbox_is_read_in_the_demonstration_only(client: Client, settings) -> None:
    written = write()
    addresses = ("/courriels/", f"/courriels/{written.pk}/", f"/courriels/{written.pk}/html/")
    settings.DEMO = False
    client.force_login(UserFactory(admin=True))
    assert [client.get(a).status_code for a in addresses] == [404, 404, 404]
    settings.DEMO = True
    visitor = Client()
    pages = [visitor.get(a) for a in addresses]
    assert [p.status_code for p in pages] == [200, 200, 200]
    assert written.subject in pages[0].content.decode()
    assert "AB12-CD34" in pages[1].content.decode()
    assert pages[2]["Content-Security-Policy"].startswith("sandbox")


def test_a_mail_that_holds_a_script_stays_text(client: Client, settings) -> None:
    settings.DEMO = True
    written = mail.write(
        event="essai:3", to="ana@ici.example", template="account_email_changed", from_email="<script>alert(1)</script>",
        to_email="x", privacy_url="javascript:alert(1)", reset_url="",
    )  # fmt: skip
    page = client.get(f"/courriels/{written.pk}/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page


@pytest.mark.parametrize("address", ["?p=zzz", "?p=99999", "?a=%00", "?a=" + "x" * 3000])
def test_odd_addresses_of_the_outbox_answer(client: Client, settings, address: str) -> None:
    settings.DEMO = True
    assert client.get("/courriels/" + address).status_code == 200


def test_changing_one_s_password_says_so_by_mail(client: Client) -> None:
    someone()
    sign_in(client)
    new = "encore une autre longue phrase"
    data = {"oldpassword": "une phrase bien longue", "password1": new, "password2": new}
    assert client.post("/compte/mot-de-passe/", data).url == "/compte/securite/"
    assert Mail.objects.get().subject == "Votre mot de passe a été changé"


def __getattr__(name: str):
    """An adapter that breaks once all is written, built only when asked for."""
    if name != "BrokenAdapter":
        raise AttributeError(name)
    from accounts.adapter import AccountAdapter

    class BrokenAdapter(AccountAdapter):
        def respond_email_verification_sent(self, request, user):
            raise Unwell

        def send_mail(self, template_prefix, email, context):
            super().send_mail(template_prefix, email, context)
            assert Mail.objects.exists()
            raise Unwell

    return BrokenAdapter
