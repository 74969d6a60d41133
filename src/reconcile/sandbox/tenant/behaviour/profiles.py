"""How hard the tenant makes it: calm, realistic or hostile, all on the virtual clock and from one seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from reconcile.sandbox.tenant.behaviour.delays import Delays


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """The tenant's behaviour."""

    name: str
    delays: Delays = dataclasses.field(default_factory=Delays)
    #: Share of the requests that meet trouble: refused, throttled, or carried out with the answer lost.
    trouble: float = 0.0
    #: Whether Graph's published quotas are enforced.
    quotas: bool = False
    #: The most rows Graph puts on a page, whatever $top says.
    graph_page: int = 999
    #: Whether a page of Graph's may be empty and still lead on.
    empty_pages: bool = False
    #: The most rows Exchange puts on a page, whatever Prefer says.
    exchange_page: int = 1000
    #: How Exchange's longer lists go on: ``linked``, ``expired`` (no link ever works) or ``cut`` (a warning is all).
    exchange_pages: str = "linked"
    #: Share of Graph's writes that meet somebody else's at the same moment: 409, nothing done.
    concurrency: float = 0.0
    #: Whether Exchange refuses, once for each domain, to change what it does with unknown addresses.
    relay_refused_once: bool = False
    #: Whether the edge's list of recipients, as a domain first becomes authoritative, lacks the youngest of them; it is
    #: made anew when the domain is a relay for a moment.
    edge_stuck: bool = False
    #: Whether guests, contacts, groups and a deleted group come along with every domain that Exchange accepts.
    guests: bool = False
    #: How a list of rights shows an application: by its object ``id``, as a ``sid`` or by its ``name``.
    application_shown_as: str = "id"
    #: Whether the plan of new mailboxes switches IMAP off.
    imap_off: bool = False
    #: Whether lists and addresses come in another order each time.
    shuffled: bool = False
    #: Whether the old mail host answers impossible dates and lists folders oddly.
    odd_old_host: bool = False
    #: The sign-in to a new mailbox at which its default folders get their French names; 0 for never.
    renamed_at_sign_in: int = 0
    #: Whether texts come in Unicode NFD.
    decomposed: bool = False
    #: Which of Microsoft's two lists of tokens a mail flow rule fills in: ``cmdlet`` or ``attribute``.
    signature_tokens: str = "cmdlet"
    #: Whether the HTML of a mail flow rule is kept written a little otherwise than it was given.
    rules_rewritten: bool = False
    #: Whether a Get cmdlet answers everything for an identity it does not know, as each one's page warns.
    unknown_is_all: bool = False


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("calm"),
            Profile(
                "realistic",
                Delays(
                    mailbox=420, accepted_domain=180, service_records=60, user_of_shared_mailbox=30, listing=15,
                    negative_answer=300, flipping_reads=10, deletion_listing=15, new_mailbox=3, fresh_domain=20,
                    seat_count=120, search_index=60,
                ),
                trouble=0.005,
                quotas=True,
            ),
            Profile(
                "hostile",
                Delays(
                    mailbox=900, accepted_domain=600, service_records=300, user_of_shared_mailbox=120, listing=120,
                    negative_answer=900, flipping_reads=60, deletion_listing=120, new_mailbox=20, fresh_domain=120,
                    seat_count=300, released_address=3600, search_index=300,
                ),
                trouble=0.06,
                quotas=True,
                graph_page=7,
                empty_pages=True,
                exchange_page=5,
                odd_old_host=True,
                renamed_at_sign_in=4,
                concurrency=0.02,
                relay_refused_once=True,
                guests=True,
                application_shown_as="sid",
                imap_off=True,
                shuffled=True,
                decomposed=True,
                unknown_is_all=True,
                signature_tokens="attribute",
                rules_rewritten=True,
            ),
        )
    }
)  # fmt: skip
