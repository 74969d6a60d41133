"""The people of a federation file who have a mailbox of their own, as their sheets show them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.config.federation.models import FederationFile
from reconcile.config.settings.tables.letters import Letters
from reconcile.documents.person_sheet import Person


def people(file: FederationFile, network: Letters) -> Iterator[Person]:
    """Everybody with an E1 or an E3, in the order of the file. ``network``: who helps them, and where they read."""
    for address, mailbox in file.mailboxes.items():
        if mailbox.licence == "shared":
            continue
        names = [name for name in (mailbox.directory.first_name, mailbox.directory.last_name) if name]
        yield Person(
            name=mailbox.display_name or " ".join(names) or address,
            address=address,
            licence=mailbox.licence,
            federation=file.name,
            day=file.migration.date,
            shared=tuple(
                shared
                for shared, other in file.mailboxes.items()
                if any(delegate.who == address for delegate in other.delegates)
            ),
            network=network,
        )
