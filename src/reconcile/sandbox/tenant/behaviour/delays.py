"""How long the tenant's two stores take to agree, in virtual seconds."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Delays:
    """Seconds between a cause and its effect.

    Those between the stores are never nothing, so that a client that does not wait is found out. The service itself
    takes 1 to 15 minutes for a mailbox and minutes for an accepted domain.
    """

    #: A licence with an Exchange plan is assigned; the mailbox appears.
    mailbox: float = 180.0
    #: A domain is verified; Exchange accepts it for addresses.
    accepted_domain: float = 60.0
    #: A domain is verified; its service records can be read.
    service_records: float = 30.0
    #: New-Mailbox has answered; Graph finds the user behind the box.
    user_of_shared_mailbox: float = 5.0
    #: An object was created; lists and filters know it too.
    listing: float = 2.0
    #: A list shows a change; advanced queries, which run on an index, show it too.
    search_index: float = 10.0
    #: A failed domain lookup is remembered by the verifier.
    negative_answer: float = 0.0
    #: An object can be read; every replica has it. Until then a read by id finds it or does not.
    flipping_reads: float = 0.0
    #: A user was deleted; lists show it no more.
    deletion_listing: float = 0.0
    #: New-Mailbox has answered; every domain controller finds the box.
    new_mailbox: float = 0.0
    #: A domain is verified; every replica lets users be named in it.
    fresh_domain: float = 0.0
    #: An address was given up; another object may have it.
    released_address: float = 0.0
    #: A licence was assigned; subscribedSkus counts it.
    seat_count: float = 0.0
    #: A mailbox or an alias is known; the edge takes mail for it.
    edge_list: float = 0.0
    #: The tenant began; Exchange believes in the application's role. Until then it answers as if there were none.
    role: float = 0.0
