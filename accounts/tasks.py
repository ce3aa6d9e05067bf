"""Work done apart from requests: e-mail sent, stalled jobs put back in the queue, what is too old erased."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import mail


@app.task(name="send_mail", queue="mail", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def send_mail(*, mail_id: int) -> None:
    """Send one e-mail of the outbox; tried again for a day or so when the mail server refuses."""
    try:
        mail.deliver(mail_id)
    except Exception as error:
        mail.record_failure(mail_id, error)
        raise


@app.periodic(cron="*/5 * * * *")
@app.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=True)
async def retry_stalled(context: object, timestamp: int) -> None:
    """Jobs that a killed worker left « doing » go back to the queue."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


@app.periodic(cron="17 4 * * *")
@app.task(name="purge_accounts", queueing_lock="purge_accounts")
def purge_accounts(timestamp: int) -> None:
    """Every night: old mail, forgotten drafts, ended sessions, accounts whose address was never verified."""
    from accounts import privacy

    privacy.purge()
