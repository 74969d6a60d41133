"""The fewest requests that show a plan everything it asks about, by the page and batch sizes of the services."""

from __future__ import annotations

from math import ceil

#: Signing in: the authority's description, and a token each for Graph and Exchange.
_SIGN_IN = 3
#: Lists of one page: the tenant's domains, its subscriptions, Exchange's accepted domains, their DKIM.
_SHORT_LISTS = 4
#: Rows of a page at most: Graph's users, Exchange's mailboxes and recipients.
_USERS, _RECIPIENTS = 999, 1000
#: Parts of a batch at most: Graph's, and Exchange's as tools in production send them.
_GRAPH_BATCH, _EXCHANGE_BATCH = 20, 10
#: The national staff that the sandbox's tenant begins with.
_STAFF_USERS, _STAFF_BOXES = 13, 11


def floor(domains: int, people: int, shared: int, *, copies_pending: bool) -> int:
    """Requests for that many domains, personal and shared mailboxes.

    Of each domain the verification and the service records are read; of each shared mailbox who may open it and who may
    send as it; of each mailbox whose copy is not over, whether the copier may open it. No cmdlet lists the rights on
    all mailboxes: Get-MailboxPermission wants the identity of one.
    """
    boxes = people + shared
    users = ceil((boxes + _STAFF_USERS) / _USERS)
    recipients = ceil((boxes + _STAFF_BOXES) / _RECIPIENTS)
    opened = boxes if copies_pending else shared
    rights = ceil(opened / _EXCHANGE_BATCH) + ceil(shared / _EXCHANGE_BATCH)
    return _SIGN_IN + _SHORT_LISTS + users + 2 * recipients + ceil(2 * domains / _GRAPH_BATCH) + rights
