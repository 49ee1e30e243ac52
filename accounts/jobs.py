"""The jobs of this app: emails with a link to a new password, and deleting expired data every night."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction

from accounts.domain.passwords import send_reset_mails
from accounts.domain.rate_limit import hidden
from accounts.domain.retention import all_kept, forget_old
from background.queue import FEW_MORE_TRIES, AlreadyEnqueued, job, regularly


def ask_for_reset_mail(address: str, site: str) -> None:
    """Ask for a link to a new password to be sent to this address, on the site at `site`.

    A job does it, whether there is somebody or not, so that the time taken does not tell.
    """
    with suppress(AlreadyEnqueued), transaction.atomic():
        send_reset_mail.configure(queueing_lock=f"reset mail {hidden(address)}").defer(address=address, site=site)


@job(queue="mail", retry=FEW_MORE_TRIES)
def send_reset_mail(address: str, site: str) -> None:
    """Send the link, unless the address has been sent enough of them."""
    send_reset_mails(address, site)


@regularly(cron="17 3 * * *")
@job(queueing_lock="forget")
def forget(timestamp: int) -> None:
    """Remove what is kept no longer, of all apps."""
    forget_old(all_kept())
