"""Mailboxes made, changed and removed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError
from reconcile.sandbox.tenant.exchange import rows as exchange_rows
from reconcile.sandbox.tenant.exchange.encoding import size_of
from reconcile.sandbox.tenant.exchange.mailbox_rows import mailbox_row
from reconcile.sandbox.tenant.exchange.mailbox_settings import PROTOCOLS, SETTINGS
from reconcile.sandbox.tenant.exchange.multi_valued import added_and_removed
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters, Recipients
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.address_book import AddressTakenError
from reconcile.sandbox.tenant.world.objects import Mailbox
from reconcile.sandbox.tenant.world.world import World

_ALIAS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")


class Mailboxes:
    """New-, Set- and Remove-Mailbox, and Set-CASMailbox."""

    def __init__(self, world: World, recipients: Recipients) -> None:
        self._world = world
        self._recipients = recipients

    def new_mailbox(self, given: Parameters) -> Outcome:
        """A shared mailbox; the user behind it signs in under the default domain until someone changes that."""
        world, name = self._world, str(given["name"])
        if not given["shared"]:
            raise CmdletError("ParameterBindingException", "Only shared mailboxes are made here; users have licences.")
        alias = given.get("alias") or re.sub(r"[^A-Za-z0-9._-]", "", name)
        self._check_name(name, None)
        self._check_alias(alias, None)
        primary = given.get("primarysmtpaddress") or f"{alias}@{world.default_domain()}"
        self._check_addresses([f"SMTP:{primary}"])
        upn = f"{alias}@{world.default_domain()}"
        if world.book.objector(upn, "") is not None:
            raise _sign_in_taken(upn)
        items = world.shared_addresses(primary, alias)
        for address in addresses.smtp_of(items):
            if (holder := world.book.objector(address, "")) is not None:
                raise self._taken(address, holder)
        values = {
            "accountEnabled": True,
            "displayName": given.get("displayname") or name,
            "mailNickname": alias,
            "userPrincipalName": upn,
            "givenName": given.get("firstname"),
            "surname": given.get("lastname"),
        }
        user = world.add_user(
            {key: value for key, value in values.items() if value is not None},
            found_after=world.delays.user_of_shared_mailbox,
        )
        box = world.add_mailbox(user, name, alias, items, shared=True)
        return [mailbox_row(world, box)], []

    def set_mailbox(self, given: Parameters) -> Outcome:
        box = self._recipients.one(given.pop("identity"))
        before = dict(mailbox_row(self._world, box))
        self._check_change(box, given)
        try:
            self._change_addresses(box, given)
        except AddressTakenError as error:
            raise self._taken(error.address, error.holder) from None
        user = self._world.users[box.user_id]
        if "name" in given:
            box.name = given["name"]
        if "alias" in given:
            box.alias = user.values["mailNickname"] = given["alias"]
        if "displayname" in given:
            user.values["displayName"] = given["displayname"]
        if "accountdisabled" in given:
            user.values["accountEnabled"] = not given["accountdisabled"]
        if "type" in given:
            box.shared = given["type"].lower() == "shared"
        if "grantsendonbehalfto" in given:
            box.on_behalf = self._trustees(box.on_behalf, given["grantsendonbehalfto"])
        for parameter in ("maxreceivesize", "maxsendsize"):
            if parameter in given:
                name = "MaxReceiveSize" if parameter == "maxreceivesize" else "MaxSendSize"
                box.settings[name] = size_of(given[parameter])
        box.settings |= {SETTINGS[key]: value for key, value in given.items() if key in SETTINGS}
        custom = {
            key.replace("customattribute", "extensionAttribute"): value or None
            for key, value in given.items()
            if key.startswith("customattribute")
        }
        if custom:
            held = user.values.get("onPremisesExtensionAttributes") or {}
            user.values["onPremisesExtensionAttributes"] = {**held, **custom}
        self._world.tell(box)
        if mailbox_row(self._world, box) == before:
            return [], [f"The command completed successfully but no settings of '{box.name}' have been modified."]
        return [], []

    def set_protocols(self, given: Parameters) -> Outcome:
        box = self._recipients.one(given.pop("identity"))
        box.protocols |= {PROTOCOLS[key]: value for key, value in given.items() if key in PROTOCOLS}
        self._world.tell(box)
        return [], []

    def remove_mailbox(self, given: Parameters) -> Outcome:
        self._world.delete_user(self._world.users[self._recipients.one(given["identity"]).user_id])
        return [], []

    # Checking

    def _check_change(self, box: Mailbox, given: Parameters) -> None:
        """Everything that can be refused is, before anything is written."""
        if "name" in given:
            self._check_name(given["name"] or "", box)
        if "alias" in given:
            self._check_alias(given["alias"] or "", box)
        if "displayname" in given and not given["displayname"]:
            raise CmdletError("RecipientTaskException", "DisplayName can't be empty.")
        for size in ("maxreceivesize", "maxsendsize"):
            if size in given and size_of(given[size]) is None:
                raise CmdletError("ParameterBindingException", f"'{given[size]}' isn't a valid size.")
        if "grantsendonbehalfto" in given:
            self._trustees(box.on_behalf, given["grantsendonbehalfto"])
        upn = given.get("microsoftonlineservicesid")
        if upn:
            self._check_addresses([upn])
            holder = self._world.user_named(upn)
            if holder is not None and holder.id != box.user_id:
                raise _sign_in_taken(upn)
            if (other := self._world.book.objector(upn, box.user_id)) is not None:
                raise self._taken(upn, other)

    def _check_name(self, name: str, own: Mailbox | None) -> None:
        if not 1 <= len(name) <= 64:
            raise CmdletError("RecipientTaskException", "The length of the property 'Name' must be from 1 to 64.")
        if any(box.name.lower() == name.lower() and box is not own for box in self._world.mailboxes.values()):
            raise CmdletError(
                "ADObjectAlreadyExistsException",
                f'The name "{name}" is already being used. Please try another name.',
            )

    def _check_alias(self, alias: str, own: Mailbox | None) -> None:
        if not _ALIAS.fullmatch(alias) or len(alias) > 64:
            raise CmdletError("RecipientTaskException", f'The value "{alias}" of property Alias isn\'t valid.')
        if any(box.alias.lower() == alias.lower() and box is not own for box in self._world.mailboxes.values()):
            raise CmdletError("RecipientTaskException", f'The alias "{alias}" is already being used by another object.')

    def _check_addresses(self, items: Sequence[str]) -> None:
        for item in items:
            if addresses.kind_of(item).lower() not in ("", "smtp"):
                continue
            address = item[5:] if addresses.kind_of(item) else item
            if not addresses.is_smtp_address(address):
                raise CmdletError("ParameterBindingException", f"The address '{address}' is invalid.")
            if not self._world.is_accepted(addresses.domain_of(address)):
                raise CmdletError(
                    "NotAcceptedDomainException",
                    f"You can't use the domain \"{addresses.domain_of(address)}\" because it's not an accepted domain "
                    "for your organization.",
                )

    # Changing

    def _change_addresses(self, box: Mailbox, given: Parameters) -> None:
        world, items = self._world, box.addresses
        asked = given.get("emailaddresses", items)
        if isinstance(asked, dict):
            added, removed = added_and_removed(asked)
            items = addresses.with_added(addresses.without(items, removed), added)
        else:
            try:
                items = addresses.replaced(asked if isinstance(asked, list) else [asked] if asked else [])
            except ValueError:
                raise CmdletError(
                    "RecipientTaskException", "There are multiple primary SMTP addresses; only one can be primary."
                ) from None
        if given.get("windowsemailaddress"):
            items = addresses.with_primary(items, given["windowsemailaddress"])
        if not addresses.primary_of(items):
            raise CmdletError("RecipientTaskException", "The primary SMTP address can't be removed from the mailbox.")
        self._check_addresses([item for item in items if item not in box.addresses])
        if items != box.addresses:
            world.set_addresses(box.user_id, items)
        upn, user = given.get("microsoftonlineservicesid"), world.users[box.user_id]
        if upn and upn != user.upn:
            world.set_sign_in(user, upn)

    def _trustees(self, held: list[str], asked: Any) -> list[str]:
        if isinstance(asked, dict):
            added, removed = added_and_removed(asked)
            if not added and not removed:
                return []  # An empty table empties the list.
            gone = {self._recipient(name) for name in removed}
            kept = [trustee for trustee in held if trustee not in gone]
        else:
            added, kept = (asked if isinstance(asked, list) else [asked] if asked else []), []
        return list(dict.fromkeys([*kept, *(self._recipient(name) for name in added)]))

    def _recipient(self, name: str) -> str:
        if (other := self._world.other_named(name.lower())) is not None:
            return other.id
        found = self._recipients.matching(name)
        if len(found) != 1:
            raise CmdletError(
                "ManagementObjectNotFoundException" if not found else "ManagementObjectAmbiguousException",
                f'Couldn\'t find object "{name}". Please make sure that it was spelled correctly or specify a '
                "different object.",
            )
        return found[0].user_id

    def _taken(self, address: str, holder: str) -> CmdletError:
        box, other = self._world.mailboxes.get(holder), self._world.others.get(holder)
        other = other or self._world.deleted_groups.get(holder)
        if other is not None and holder not in self._world.users:
            name = exchange_rows.distinguished_name(self._world, other.name)
        elif box is not None:
            name = exchange_rows.distinguished_name(self._world, box.name)
        else:
            return CmdletError(
                "RecipientTaskException",
                "A Microsoft Entra ID call was made to keep object in sync between Microsoft Entra ID and Exchange "
                "Online. However, it failed. Detailed error message: Another object with the same value for property "
                f"proxyAddresses already exists. ConflictingObject: User_{holder}",
            )
        return CmdletError(
            "ProxyAddressExistsException",
            f'The proxy address "SMTP:{address}" is already being used by the proxy addresses or LegacyExchangeDN of '
            f'"{name}". Please choose another proxy address.',
        )


def _sign_in_taken(upn: str) -> CmdletError:
    return CmdletError(
        "WLCDManagedMemberExistsException", f'The proxy address or user name "{upn}" is already in use by another user.'
    )
