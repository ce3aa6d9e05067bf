"""The queue at work: a real worker sends what was written; what a killed worker left is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.core import mail as django_mail
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import mail
from accounts.models import Mail
from accounts.tasks import retry_stalled
from tests.accounts.people import empty_queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker() -> Iterator:
    """The application as the worker sees it: on connections of its own."""
    with app.replace_connector(app.connector.get_worker_connector()) as working:
        yield working
    empty_queue()


def work(worker) -> None:
    worker.run_worker(wait=False, listen_notify=False, install_signal_handlers=False, concurrency=1)


def test_the_worker_sends_what_was_written(worker) -> None:
    written = mail.write(event="essai", to="ana@ici.example", template="account_login_code", code="AB12")
    work(worker)
    written.refresh_from_db()
    assert written.sent_at
    assert [m.to for m in django_mail.outbox] == [["ana@ici.example"]]


def test_a_mail_written_by_a_job_is_queued_with_it_not_before(worker) -> None:
    """A reminder breaks after writing: no e-mail is left, and no job that would look for it."""

    def remind() -> None:
        with transaction.atomic():
            mail.write(event="essai", to="ana@ici.example", template="account_login_code", code="AB12")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        remind()
    assert not Mail.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_a_mail_that_fails_goes_back_to_the_queue_for_later(worker, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    written = mail.write(event="essai", to="ana@ici.example", template="account_login_code", code="AB12")
    work(worker)
    written.refresh_from_db()
    assert "ConnectionRefusedError" in written.failure
    job = ProcrastinateJob.objects.get(task_name="send_mail")
    assert (job.status, job.attempts) == ("todo", 1)
    assert job.scheduled_at > written.created_at


def test_what_a_killed_worker_left_is_taken_up_again(worker) -> None:
    written = mail.write(event="essai", to="ana@ici.example", template="account_login_code", code="AB12")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL, attempts = 1")

    async def recover() -> None:
        async with worker.open_async():
            await retry_stalled.func(None, timestamp=0)

    asyncio.run(recover())
    assert ProcrastinateJob.objects.get(task_name="send_mail").status == "todo"
    work(worker)
    written.refresh_from_db()
    assert written.sent_at
