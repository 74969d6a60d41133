"""Every resource kind, declared once. Diff, guards, views and state all read these declarations."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType


class FieldType(enum.Enum):
    """How two values of a field are compared."""

    SCALAR = "scalar"
    #: Order means nothing; an item appears or disappears on its own.
    SET = "set"
    #: A set somebody else also writes to: ours must be in it, theirs stay.
    SHARED_SET = "shared set"


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    ``write_only``: the outside world never shows it back, so it is compared with what was recorded, once it is.
    ``sensitive``: it has no path to a plan, a state file or a log. ``ours``: only the state knows it (a protection);
    no provider ever sees it. ``born``: what it is when its object has just come into being along with another, and
    we have not written it yet; an empty value needs no saying.
    """

    name: str
    type: FieldType = FieldType.SCALAR
    sensitive: bool = False
    write_only: bool = False
    ours: bool = False
    born: str = ""

    @property
    def in_the_world(self) -> bool:
        """Whether an observation can show it."""
        return not (self.ours or self.write_only)


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource.

    ``provider`` names who reads and writes it. ``adoptable``: an object that already exists is taken under
    management by a shown *adopt*; otherwise what exists is simply updated, for it is somebody's record that the
    YAML means to change. ``guarded``: deleting one can lose mail, so a deletion needs its own permission. ``local``: it
    exists in our own folder alone, under the name of its federation. ``given``: what exists of it before it is recorded
    was given by others, so that taking any of it away needs a permission of its own too. ``once``: what was done is
    history: it is not taken back, and stays recorded for as long as its federation is described. ``timely``: what is
    ours of it before its moment, for its date was moved, is taken back at once.
    """

    name: str
    provider: str
    fields: Mapping[str, Field]
    adoptable: bool = False
    guarded: bool = False
    local: bool = False
    given: bool = False
    once: bool = False
    timely: bool = False


def _kind(name: str, provider: str, *fields: Field, **policies: bool) -> Kind:
    """``policies``: those of the flags of ``Kind`` that hold."""
    return Kind(name, provider, MappingProxyType({field.name: field for field in fields}), **policies)


_DECLARED = (
    _kind("domain", "microsoft", Field("root"), adoptable=True, guarded=True),
    _kind(
        "domain_verification",
        "microsoft",
        Field("verified"),
        Field("services", FieldType.SHARED_SET),
        Field("accepted"),
    ),
    # Authoritative: the tenant refuses addresses it does not know. InternalRelay, until some days after the switch:
    # mail for them follows the MX, to the old host.
    _kind("mail_flow", "microsoft", Field("type", born="InternalRelay")),
    # The federation's part in the outbound connector to its old host ``server``: which of its ``domains`` are relayed
    # there, and to which old mailboxes a message proved it. () means none any more.
    _kind(
        "connector",
        "microsoft",
        Field("server"),
        Field("host"),
        Field("tls"),
        Field("enabled"),
        Field("domains", FieldType.SET),
        Field("proved_by", FieldType.SHARED_SET),
    ),
    # The keys exist and tell where DNS must point; then messages are signed.
    _kind("dkim", "microsoft", Field("keys")),
    _kind("dkim_signing", "microsoft", Field("enabled")),
    # The old host refuses these logins and lets the copier in; proved: both were tried, by the canary.
    _kind(
        "lock",
        "legacy",
        Field("host"),
        Field("logins", FieldType.SET),
        Field("proved"),
        timely=True,
    ),
    # The old host sends these domains on by their MX, and keeps none of their mail: proved, and again the next day.
    # known: who is in the tenant and was there. Where the old host is the federation's affair no longer, it stays so.
    _kind(
        "handover",
        "legacy",
        Field("host"),
        Field("domains", FieldType.SET),
        Field("known", FieldType.SET),
        Field("proved"),
        once=True,
        timely=True,
    ),
    _kind(
        "mailbox",
        "microsoft",
        Field("primary"),
        Field("licence"),
        Field("display_name"),
        Field("aliases", FieldType.SET),
        Field("sign_in"),
        Field("first_name"),
        Field("last_name"),
        Field("job_title"),
        Field("phone"),
        Field("atrium_id"),
        # The structure's, on each of its addresses: the address book and signatures are made of these.
        Field("office"),
        Field("street"),
        Field("postal_code"),
        Field("city"),
        Field("website"),
        Field("networks"),
        Field("hidden"),
        Field("sent_copies"),
        Field("usage_location"),
        # Service plans that the network leaves out of everybody's licence; what others switched off is theirs.
        Field("disabled_plans", FieldType.SHARED_SET),
        Field("protected", ours=True),
        adoptable=True,
        guarded=True,
        given=True,
    ),
    _kind(
        "access",
        "microsoft",
        Field("full_access", FieldType.SET),
        Field("send_as", FieldType.SET),
        Field("send_on_behalf", FieldType.SET),
        given=True,
    ),
    # One mail flow rule of the tenant, for the network. unless_…: what is not signed; senders: whose domains are.
    _kind(
        "signature",
        "microsoft",
        Field("text"),
        Field("senders", FieldType.SET),
        Field("scope"),
        Field("unless_word"),
        Field("unless_header"),
        Field("unless_type"),
        Field("fallback"),
        Field("enabled"),
    ),
    _kind("copy_access", "microsoft", Field("granted")),
    # values: the whole RRset is ours (MX, CNAME). contains: our strings among others' (verification TXT).
    # includes: what the one SPF record must include. ttl: its seconds to live. gone: a term the switch makes wrong is
    # no longer in the SPF record.
    _kind(
        "dns",
        "dns",
        Field("values", FieldType.SET),
        Field("contains", FieldType.SHARED_SET),
        Field("includes", FieldType.SHARED_SET),
        Field("ttl"),
        Field("gone"),
        guarded=True,
    ),
    # Whose first password the federation's account has received. What is handed over is not taken back.
    _kind("credentials", "delivery", Field("account"), Field("people", FieldType.SHARED_SET), local=True),
    _kind(
        "copy",
        "copies",
        Field("source"),
        Field("login"),
        Field("destination"),
        Field("folder"),
        Field("public_folder"),
        Field("mailbox", write_only=True),
        local=True,
    ),
    # What arrived in a new mailbox after the switch, brought back to the old one until the new date of a rollback.
    _kind(
        "copy_back",
        "copies",
        Field("source"),
        Field("login"),
        Field("destination"),
        Field("public_folder"),
        local=True,
    ),
    # One pass more of every copy was asked for, after which no sender tries the old host any more.
    _kind("last_pass", "closing", Field("asked"), local=True, timely=True),
    # The end of a migration: on: its day; refused, unsound: why what was not copied, or does not compare, is accepted.
    _kind("closing", "closing", Field("on"), Field("refused"), Field("unsound"), local=True, once=True),
    # A letter to the contact. day: the migration date it tells. attempt: grows when somebody asks to have it
    # sent again.
    _kind("notice", "post", Field("to"), Field("day"), Field("attempt"), local=True, once=True),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _DECLARED})
