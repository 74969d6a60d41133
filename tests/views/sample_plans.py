"""Plans that hold one of everything a reader may meet."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from decimal import Decimal

from reconcile.config.cost import cost_of_licences
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.planning.costs import FederationCost
from reconcile.planning.left_out import LeftOut
from reconcile.planning.plan.plan import Action, Basis, Blocked, Cause, Change, FieldChange, Plan, SeatCount
from reconcile.planning.splits import Late, Split
from reconcile.providers.base import Finding, Weight
from reconcile.resources.address import Address
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.resources.resource import Live, Reference, Value

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
#: Sunday, twenty minutes to six in Paris.
NOW = dt.datetime(2025, 1, 19, 16, 40, tzinfo=dt.UTC)
CUTOVER = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)


def meuse(kind: str, key: str) -> Address:
    return Address("spf55", kind, key)


def marne(kind: str, key: str) -> Address:
    return Address("spf51", kind, key)


def new(address: Address, due: dt.datetime | None = None, **wanted: Value | Reference) -> Change:
    fields = tuple(FieldChange(name, None, value, Cause.YAML) for name, value in wanted.items())
    return Change(address, Action.CREATE, Cause.YAML, None, wanted, fields, due=due)


def altered(address: Address, *fields: FieldChange, action: Action = Action.UPDATE, note: str = "") -> Change:
    causes = {field.cause for field in fields}
    cause = causes.pop() if len(causes) == 1 else Cause.BOTH
    live = Live(address, {field.name: field.before for field in fields}, "id")
    return Change(address, action, cause, live, {field.name: field.after for field in fields}, fields, note=note)


def cost(slug: str, e1: int, e3: int, told: str | None = None) -> FederationCost:
    licences = cost_of_licences(e1, e3, Prices(), dt.date(2025, 1, 20))
    return FederationCost(slug, licences, None if told is None else Decimal(told))


EMPTY = Plan(
    created=NOW,
    expires=NOW + dt.timedelta(days=1),
    tool="reconcile 1.0",
    basis={
        "spf55": Basis("Fédération de la Meuse", "d1", "l1", 4),
        "spf51": Basis("Fédération de la Marne", "d2", "l2", 1),
    },
    changes=(),
    unchanged=168,
)

MIGRATION = dataclasses.replace(
    EMPTY,
    unchanged=3,
    costs=(cost("spf51", 2, 1), cost("spf55", 7, 6, "0.00")),
    changes=(
        new(meuse("domain", "spf55.org"), root="spf55.org"),
        new(
            meuse("dns", "spf55.org/TXT/verification"),
            contains=Reference(meuse("domain", "spf55.org"), "verification_txt"),
        ),
        new(meuse("domain_verification", "spf55.org"), verified=True, services=("Email",), accepted=True),
        new(
            meuse("mailbox", "contact@spf55.org"),
            CUTOVER,
            licence="shared",
            display_name="Contact – Fédération de la Meuse",
            aliases=("accueil@spf55.org", "secretariat@spf55.org"),
            sign_in=False,
            sent_copies=True,
        ),
        new(
            meuse("mailbox", "zoe.feval@spf55.org"),
            CUTOVER,
            licence="E3",
            display_name="Zoé Féval",
            aliases=(),
            first_name="Zoé",
            last_name="Féval",
            phone="0329790102",
            usage_location="FR",
        ),
        new(
            meuse("access", "contact@spf55.org"),
            CUTOVER,
            full_access=("anne@spf55.org", "zoe.feval@spf55.org"),
            send_as=("anne@spf55.org", "zoe.feval@spf55.org"),
            send_on_behalf=(),
        ),
        new(
            meuse("dns", "spf55.org/MX"),
            CUTOVER,
            values=Reference(meuse("domain_verification", "spf55.org"), "mx"),
        ),
        new(meuse("copy_access", "contact@spf55.org"), CUTOVER, granted=True),
        new(
            meuse("copy", "contact@spf55.org"),
            CUTOVER,
            source="old-host",
            login="contact@spf55.org",
            destination="contact@spf55.org",
            folder="",
        ),
        new(marne("mailbox", "contact@spf51.org"), UNSCHEDULED, licence="E1", display_name="Contact", aliases=()),
    ),
)

_SPF_NOW = Live(
    meuse("dns", "spf55.org/TXT/spf"),
    {"includes": ("_spf.ovh.net",)},
    context={"record": "v=spf1 include:_spf.ovh.net ~all"},
)

EVERYTHING = dataclasses.replace(
    EMPTY,
    unchanged=41,
    partial=True,
    left_out=(LeftOut("spf67", "federations/spf67.yaml:12:14", "SPF105 'E4' is not a licence", 2),),
    splits=(Split("spf51", ("spf51.org",), 4, (Address("spf51", "mailbox", "president@spf51.org"),)),),
    late=(Late("spf68", (Address("spf68", "mailbox", "accueil@spf68.org"),)),),
    costs=(cost("spf51", 0, 4), cost("spf55", 4, 4, "10.96")),
    changes=(
        altered(
            meuse("mailbox", "tresorerie@spf55.org"),
            FieldChange("licence", "E3", "E1", Cause.DRIFT),
            FieldChange("aliases", ("a@spf55.org", "vieux@spf55.org"), ("a@spf55.org", "tresor@spf55.org"), Cause.YAML),
            FieldChange("phone", "", "0329790102", Cause.YAML),
            FieldChange("hidden", False, True, Cause.BOTH),
        ),
        altered(
            meuse("mailbox", "anne@spf55.org"),
            FieldChange("display_name", "Anne\u202e\x1b[2J", "Anne Perrin", Cause.YAML),
            action=Action.ADOPT,
            note="exists already",
        ),
        dataclasses.replace(
            altered(
                meuse("dns", "spf55.org/TXT/spf"),
                FieldChange("includes", ("_spf.ovh.net",), ("_spf.ovh.net", "spf.protection.outlook.com"), Cause.YAML),
            ),
            before=_SPF_NOW,
        ),
        dataclasses.replace(
            new(meuse("copy_access", "anne@spf55.org"), granted=True),
            cause=Cause.DRIFT,
            fields=(FieldChange("granted", None, True, Cause.DRIFT),),
            note="gone since we created it",
        ),
        Change(
            meuse("mailbox", "ancien@spf55.org"),
            Action.DELETE,
            Cause.YAML,
            Live(
                meuse("mailbox", "ancien@spf55.org"),
                {"licence": "E1", "display_name": "Ancien", "aliases": ("vieil@spf55.org",), "phone": "0102030405"},
                "id",
            ),
            {},
            note="no longer in YAML",
        ),
        Change(
            marne("access", "contact@spf51.org"),
            Action.DELETE,
            Cause.YAML,
            Live(marne("access", "contact@spf51.org"), {"full_access": ("x@spf51.org",), "send_as": ("x@spf51.org",)}),
            {},
            note="no longer in YAML",
        ),
        Change(
            marne("copy", "parti@spf51.org"),
            Action.FORGET,
            Cause.YAML,
            None,
            {},
            note="no longer in YAML, nothing to take away",
        ),
    ),
    blocked=(
        Blocked(marne("mailbox", "contact@spf51.org"), "The tenant cut the list of mailboxes short (GRA07)."),
        Blocked(
            marne("access", "contact@spf51.org"),
            "The tenant cut the list of mailboxes short (GRA07).",
            marne("mailbox", "contact@spf51.org"),
        ),
        Blocked(marne("dns", "spf51.org/MX"), "ns1.spf51.org does not answer."),
    ),
    findings=(
        Finding("spf51.org", "wildcard", Weight.WARNS, "The wildcard *.spf51.org sends mail elsewhere.", "spf51"),
        Finding("spf51.org", "dkim", Weight.BLOCKS, "selector1 of spf51.org holds no key: do not sign.", "spf51"),
    ),
    seats=(
        SeatCount("E1", free=12, returned=0, taken=3),
        SeatCount("E3", 0, 1, 1, (meuse("mailbox", "anne@spf55.org"), marne("mailbox", "contact@spf51.org"))),
    ),
    unmanaged=(meuse("mailbox", "essai@spf55.org"), meuse("mailbox", "ancien.site@spf55.org")),
)

_WITH_NORA = ("camille.dupont@spf55.org", "nora.cherif@spf55.org")
#: The README's: what a colleague changed by hand, and a person the federation added.
EVERYDAY = dataclasses.replace(
    EMPTY,
    basis={"spf55": EMPTY.basis["spf55"]},
    unchanged=200,
    changes=(
        altered(
            meuse("mailbox", "camille.dupont@spf55.org"),
            FieldChange("licence", "E1", "E3", Cause.DRIFT),
            FieldChange("aliases", ("camille@spf55.org",), (), Cause.DRIFT),
        ),
        new(
            meuse("mailbox", "nora.cherif@spf55.org"),
            licence="E1",
            display_name="Nora Chérif",
            aliases=("presidence@spf55.org",),
            first_name="Nora",
            last_name="Chérif",
            usage_location="FR",
        ),
        altered(
            meuse("access", "contact@spf55.org"),
            FieldChange("full_access", ("camille.dupont@spf55.org",), _WITH_NORA, Cause.YAML),
            FieldChange("send_as", ("camille.dupont@spf55.org",), _WITH_NORA, Cause.YAML),
        ),
    ),
)
