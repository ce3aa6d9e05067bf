"""The one place that writes e-mail: text and HTML twins, in the transaction that causes them, sent after it.

``write`` only adds a row to the outbox and a job to the queue, both in the caller's transaction: rolled back with it,
never lost after it. The worker sends (``tasks.send_mail``); the same event never writes twice to the same address.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from psycopg.errors import UniqueViolation

from accounts.models import Mail


def absolute(path: str) -> str:
    """The full address of a page, for an e-mail: there is no request to ask."""
    return settings.SITE_URL.rstrip("/") + path


def write(*, event: str, to: str, template: str, calendar: str = "", **context: Any) -> Mail | None:
    """Write one e-mail from ``templates/emails/<template>.txt`` and ``.html``; None when that event already did.

    The first line of the text twin is the subject. ``context`` is what the templates read; both also get ``site``
    (full address of the portal) and ``portal_name``. ``calendar`` is a calendar file to attach.
    """
    if not to:
        return None
    known = {"site": settings.SITE_URL.rstrip("/"), "portal_name": settings.PORTAL_NAME, **context}
    subject, _newline, text = render_to_string(f"emails/{template}.txt", known).strip().partition("\n")
    html = render_to_string(f"emails/{template}.html", {**known, "subject": subject})
    mail = Mail(event=event[:160], to=to, subject=subject[:200], text=text.strip() + "\n", html=html, calendar=calendar)
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
            enqueue(mail)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            return None
        raise
    return mail


def enqueue(mail: Mail) -> None:
    """Queue the sending (``tasks.send_mail``)."""
    queue("send_mail", mail_id=mail.pk)


def queue(task: str, **arguments: Any) -> None:
    """Queue a job about e-mail in the transaction, by Django’s own connection, whoever asks.

    Within the worker, procrastinate would queue by another connection: the job could run before what it is about.
    """
    configure_task(name=task, job_manager=JobManager(DjangoConnector()), queue="mail").defer(**arguments)


def deliver(mail_id: int) -> bool:
    """Send one e-mail of the outbox, once; False when it had left already."""
    with transaction.atomic():
        mail = Mail.objects.select_for_update().filter(pk=mail_id, sent_at__isnull=True).first()
        if mail is None:
            return False
        message = EmailMultiAlternatives(mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to])
        message.attach_alternative(mail.html, "text/html")
        if mail.calendar:
            method = re.search(r"^METHOD:(\w+)", mail.calendar, re.MULTILINE)
            content_type = f"text/calendar; method={method[1] if method else 'PUBLISH'}"
            message.attach("rendez-vous.ics", mail.calendar, content_type)
        message.send()
        mail.sent_at = timezone.now()
        mail.failure = ""
        mail.save(update_fields=["sent_at", "failure"])
    return True


def record_failure(mail_id: int, error: Exception) -> None:
    """Keep why an e-mail did not leave, for administrators; it will be tried again."""
    when = timezone.localtime().strftime("%Y-%m-%d %H:%M")
    Mail.objects.filter(pk=mail_id, sent_at__isnull=True).update(
        failure=f"{when} {type(error).__name__} : {error}"[:2000]
    )
