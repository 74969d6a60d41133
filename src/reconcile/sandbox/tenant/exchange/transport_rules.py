"""Mail flow rules (transport rules): kept in order, checked as Exchange checks them.

Limits: Microsoft's pages New-TransportRule (64, 1,024, 5,000 and 128 characters) and "Journal, transport, and inbox
rule limits" (300 rules, 8 KB a rule).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError, unknown_object
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters
from reconcile.sandbox.tenant.exchange.rows import stamp
from reconcile.sandbox.tenant.world.world import World

#: Every property that is set by a parameter of its name, and what it is until then.
PROPERTIES: Mapping[str, Any] = {
    "Comments": "",
    "Mode": "Enforce",
    "FromScope": None,
    "From": [],
    "SenderDomainIs": [],
    "SenderAddressLocation": "Header",
    "SentToScope": None,
    "ApplyHtmlDisclaimerText": None,
    "ApplyHtmlDisclaimerLocation": None,
    "ApplyHtmlDisclaimerFallbackAction": None,
    "ExceptIfFrom": [],
    "ExceptIfMessageTypeMatches": None,
    "ExceptIfSubjectOrBodyContainsWords": [],
    "ExceptIfHeaderContainsMessageHeader": None,
    "ExceptIfHeaderContainsWords": [],
    "ExceptIfHeaderMatchesMessageHeader": None,
    "ExceptIfHeaderMatchesPatterns": [],
    "RuleErrorAction": "Ignore",
    "StopRuleProcessing": False,
}
_BY_PARAMETER = {name.lower(): name for name in PROPERTIES}
_LONGEST = {"Name": 64, "Comments": 1024, "ApplyHtmlDisclaimerText": 5000}
_RULES, _RULE_BYTES, _WORD = 300, 8 * 1024, 128


class TransportRules:
    """The TransportRule cmdlets."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_rules(self, given: Parameters) -> Outcome:
        rules = [self._named(given["identity"])] if given.get("identity") else list(self._world.transport_rules)
        wanted = given.get("state")
        rows = [{**rule, "Priority": self._world.transport_rules.index(rule)} for rule in rules]
        return [row for row in rows if wanted is None or row["State"].lower() == wanted.lower()], []

    def new_rule(self, given: Parameters) -> Outcome:
        rules = self._world.transport_rules
        if any(rule["Name"].lower() == given["name"].lower() for rule in rules):
            raise CmdletError("ADObjectAlreadyExistsException", f"The rule name '{given['name']}' is in use already.")
        if len(rules) >= _RULES:
            raise CmdletError("InvalidOperationException", f"There are {_RULES} rules already, the most there may be.")
        if not given.get("applyhtmldisclaimertext"):
            raise CmdletError("ArgumentException", "The rule can't be created because it doesn't contain any actions.")
        guid = self._world.new_id()
        state = "Enabled" if given.get("enabled", True) else "Disabled"
        rule: dict[str, Any] = {**PROPERTIES, "Guid": guid, "ImmutableId": guid, "State": state}
        self._change(rule, given)
        rules.insert(self._place(given, len(rules)), rule)
        return [{**rule, "Priority": rules.index(rule)}], []

    def set_rule(self, given: Parameters) -> Outcome:
        rule = self._named(given["identity"])
        changed = dict(rule)
        self._change(changed, given)
        rule |= changed
        if "priority" in given:
            rules = self._world.transport_rules
            rules.remove(rule)
            rules.insert(self._place(given, len(rules)), rule)
        return [], []

    def remove_rule(self, given: Parameters) -> Outcome:
        self._world.transport_rules.remove(self._named(given["identity"]))
        return [], []

    def enable_rule(self, given: Parameters) -> Outcome:
        self._named(given["identity"])["State"] = "Enabled"
        return [], []

    def disable_rule(self, given: Parameters) -> Outcome:
        self._named(given["identity"])["State"] = "Disabled"
        return [], []

    def _named(self, identity: str) -> dict[str, Any]:
        for rule in self._world.transport_rules:
            if identity.lower() in (rule["Name"].lower(), rule["Guid"]):
                return rule
        raise unknown_object(identity)

    def _place(self, given: Parameters, count: int) -> int:
        place = given.get("priority", count)
        if not 0 <= place <= count:
            raise CmdletError("ArgumentOutOfRangeException", f"Priority is between 0 and {count}.")
        return int(place)

    def _change(self, rule: dict[str, Any], given: Parameters) -> None:
        if given.get("name"):
            rule |= {"Name": given["name"], "Identity": given["name"], "Id": given["name"]}
        for parameter, value in given.items():
            if parameter not in _BY_PARAMETER:
                continue
            name = _BY_PARAMETER[parameter]
            if isinstance(PROPERTIES[name], list):
                rule[name] = value if isinstance(value, list) else [] if value is None else [value]
            else:
                rule[name] = value
        if isinstance(text := rule["ApplyHtmlDisclaimerText"], str):
            text = "\r\n".join(line.rstrip() for line in text.splitlines())
            if self._world.profile.rules_rewritten:
                text = re.sub(r"<br>\s*", "<br />\r\n", text)
            rule["ApplyHtmlDisclaimerText"] = text
            rule["ApplyHtmlDisclaimerLocation"] = rule["ApplyHtmlDisclaimerLocation"] or "Append"
            rule["ApplyHtmlDisclaimerFallbackAction"] = rule["ApplyHtmlDisclaimerFallbackAction"] or "Wrap"
        rule["WhenChanged"] = stamp(self._world.clock.now())
        _check(rule)


def _check(rule: Mapping[str, Any]) -> None:
    for name, most in _LONGEST.items():
        if len(rule.get(name) or "") > most:
            raise CmdletError(
                "ParameterBindingException",
                f"Cannot validate argument on parameter '{name}'. It is longer than {most} characters.",
            )
    for name, value in rule.items():
        words = value if isinstance(value, list) else []
        if any(len(word) > _WORD for word in words):
            raise CmdletError("ParameterBindingException", f"A word of '{name}' is longer than {_WORD} characters.")
    if isinstance(rule["ExceptIfMessageTypeMatches"], list):
        raise CmdletError("ParameterBindingException", "ExceptIfMessageTypeMatches takes one value.")
    for header, what in (("Contains", "Words"), ("Matches", "Patterns")):
        named = rule[f"ExceptIfHeader{header}MessageHeader"]
        if bool(named) != bool(rule[f"ExceptIfHeader{header}{what}"]):
            raise CmdletError("ArgumentException", f"A header and its {what.lower()} go together.")
    size = sum(len(str(rule[name]).encode()) for name in PROPERTIES if rule[name] not in (None, [], ""))
    if size > _RULE_BYTES:
        raise CmdletError("InvalidOperationException", f"The rule is larger than {_RULE_BYTES} bytes.")
