"""What a pass notes of the mail that arrived after the switch."""

from __future__ import annotations

from collections.abc import Callable

from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.late_mail import LateMail
from reconcile.mailcopy.survey.findings import Survey
from reconcile.mailcopy.survey.late_mail import late_arrivals


def noting(late: LateMail, job: Job) -> Callable[[Session, Survey], None]:
    """What a pass of that copy does with its survey; nothing where nobody knows when the copy was queued."""

    def note(source: Session, found: Survey) -> None:
        if job.queued and (found.pending or found.too_big):
            late.note(job, late_arrivals(source, found, job.queued))

    return note
