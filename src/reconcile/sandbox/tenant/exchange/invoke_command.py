"""Exchange's InvokeCommand: cmdlets over HTTPS, their envelope, pages and batches."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import urllib.parse
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError
from reconcile.sandbox.tenant.exchange.access import Access
from reconcile.sandbox.tenant.exchange.cmdlets import CMDLETS
from reconcile.sandbox.tenant.exchange.connectors import Connectors
from reconcile.sandbox.tenant.exchange.encoding import encoded
from reconcile.sandbox.tenant.exchange.mailboxes import Mailboxes
from reconcile.sandbox.tenant.exchange.organization import Organization
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters, Recipients, Row
from reconcile.sandbox.tenant.exchange.trace import Trace
from reconcile.sandbox.tenant.exchange.transport_rules import TransportRules
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.post import Post
from reconcile.sandbox.tenant.sign_in import tokens
from reconcile.sandbox.tenant.sign_in.permissions import EXCHANGE_ROLE
from reconcile.sandbox.tenant.sign_in.tokens import Issuer, TokenRefusedError
from reconcile.sandbox.tenant.world.world import World

_LARGEST_PAGE = 1000
_BATCH_LIMIT = 10
_PAGE_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)")

_UNAUTHORIZED = Answer(
    401, None, {"WWW-Authenticate": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"'}
)
#: The service answers so, and calls it gzip, to an unknown cmdlet or to one the caller has no role for.
_FORBIDDEN = Answer(403, b"\0" * 512, {"Content-Type": "application/json", "Content-Encoding": "gzip"})


class Exchange:
    """Everything under /adminapi/beta/{tenant}."""

    def __init__(
        self, site: str, world: World, issuer: Issuer, resolve: Callable[[str, str], Sequence[str]], post: Post
    ) -> None:
        self._site = site
        self._base = f"{site}/adminapi/beta/{world.tenant_id}"
        self._world = world
        self._issuer = issuer
        #: Rows still to be fetched, by the token of their link: a digest of the body that asked, and the rows.
        self._rest: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        recipients = Recipients(world)
        mailboxes = Mailboxes(world, recipients)
        access = Access(world, recipients)
        organization = Organization(world, resolve)
        connectors = Connectors(world, post)
        rules = TransportRules(world)
        self._verbs: dict[str, Callable[[Parameters], Outcome]] = {
            "get-mailbox": recipients.get_mailbox,
            "set-mailbox": mailboxes.set_mailbox,
            "new-mailbox": mailboxes.new_mailbox,
            "remove-mailbox": mailboxes.remove_mailbox,
            "get-recipient": recipients.get_recipient,
            "get-unifiedgroup": recipients.get_groups,
            "get-mailboxstatistics": recipients.get_statistics,
            "get-casmailbox": recipients.get_protocols,
            "set-casmailbox": mailboxes.set_protocols,
            "get-mailboxpermission": access.get_permissions,
            "add-mailboxpermission": access.add_permission,
            "remove-mailboxpermission": access.remove_permission,
            "get-recipientpermission": access.get_send_as,
            "add-recipientpermission": access.add_send_as,
            "remove-recipientpermission": access.remove_send_as,
            "get-accepteddomain": organization.get_accepted_domains,
            "set-accepteddomain": organization.set_accepted_domain,
            "get-serviceprincipal": organization.get_principals,
            "new-serviceprincipal": organization.new_principal,
            "remove-serviceprincipal": organization.remove_principal,
            "get-organizationconfig": organization.get_configuration,
            "get-inboundconnector": connectors.get_inbound,
            "get-outboundconnector": connectors.get_outbound,
            "new-outboundconnector": connectors.new_outbound,
            "set-outboundconnector": connectors.set_outbound,
            "remove-outboundconnector": connectors.remove_outbound,
            "validate-outboundconnector": connectors.validate_outbound,
            "get-transportrule": rules.get_rules,
            "new-transportrule": rules.new_rule,
            "set-transportrule": rules.set_rule,
            "remove-transportrule": rules.remove_rule,
            "enable-transportrule": rules.enable_rule,
            "disable-transportrule": rules.disable_rule,
            "get-messagetracev2": Trace(world).get,
            "get-dkimsigningconfig": organization.get_signing,
            "new-dkimsigningconfig": organization.new_signing,
            "set-dkimsigningconfig": organization.set_signing,
        }

    def page(self, request: Request) -> Answer:
        with self._world.lock:
            self._world.clock.settle()
            try:
                roles = self._issuer.roles(request, tokens.EXCHANGE)
            except TokenRefusedError:
                return _UNAUTHORIZED
            if "Exchange.ManageAsApp" not in roles:
                return _UNAUTHORIZED
            believed = self._world.began + dt.timedelta(seconds=self._world.delays.role) <= self._world.clock.now()
            if EXCHANGE_ROLE not in roles or not believed:
                return _FORBIDDEN
            return self._batch(request) if request.segments[-1] == "$batch" else self._one(request)

    def _one(self, request: Request) -> Answer:
        match request.segments:
            case ("adminapi", "beta", tenant, "InvokeCommand" | "$batch" as page):
                if tenant.lower() not in (self._world.tenant_id, *self._world.domains):
                    return _plain_error(400, "BadRequest", f"Tenant '{tenant}' is unknown.")
                return self._invoke(request) if request.method == "POST" and page == "InvokeCommand" else Answer(405)
            case ("adminapi", _, _, "InvokeCommand"):
                return Answer(405)
            case _:
                return _plain_error(404, "NotFound", "Resource not found.")

    def _batch(self, request: Request) -> Answer:
        parts = (_json(request) or {}).get("requests")
        if not isinstance(parts, list) or not 1 <= len(parts) <= _BATCH_LIMIT:
            return _plain_error(400, "BadRequest", f"A batch holds 1 to {_BATCH_LIMIT} requests.")
        responses = []
        for part in parts:
            outer = {name: request.headers.get(name, "") for name in ("prefer", "accept-language")}
            headers = {**outer, **(part.get("headers") or {})}
            body = json.dumps(part.get("body")).encode()
            answer = self._one(Request.of(part.get("method", ""), part.get("url", ""), headers, body))
            responses.append(
                {
                    "id": part.get("id"),
                    "status": answer.status,
                    "headers": {"Content-Type": "application/json"},
                    "body": answer.body if isinstance(answer.body, dict) else None,
                }
            )
        # The order of the answers means nothing, and is not that of the requests.
        return Answer(200, {"responses": responses[::-1]})

    def _invoke(self, request: Request) -> Answer:
        asked = (_json(request) or {}).get("CmdletInput")
        if not isinstance(asked, dict) or not isinstance(asked.get("CmdletName"), str):
            return _plain_error(400, "BadRequest", "CmdletInput is missing.")
        if not request.headers.get("x-anchormailbox"):
            return _plain_error(400, "BadRequest", "The request has no X-AnchorMailbox header.")
        cmdlet = CMDLETS.get(asked["CmdletName"].lower())
        if cmdlet is None:
            return _FORBIDDEN
        unknown = set(request.query) - {"$select", "$skiptoken"}
        if unknown:
            return _plain_error(400, "BadRequest", f"The query option {min(unknown)} is not supported.")
        try:
            if "$skiptoken" in request.query:
                return self._next_page(request)
            rows, warnings = self._verbs[cmdlet.name.lower()](cmdlet.bind(asked.get("Parameters")))
            warnings = [f"WARNING: {text}" for text in warnings]
            return self._paged(request, encoded(_selected(rows, request.query.get("$select"))), warnings)
        except CmdletError as error:
            english = request.headers.get("accept-language", "").lower().startswith("en")
            return Answer(error.status, error.body(english=english))

    def _next_page(self, request: Request) -> Answer:
        asked, rows = self._rest.get(request.query["$skiptoken"], ("", []))
        if asked != hashlib.sha256(request.body).hexdigest() or self._world.profile.exchange_pages == "expired":
            return _plain_error(
                400, "BadRequest", "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
            )
        return self._paged(request, rows, [])

    def _paged(self, request: Request, rows: list[dict[str, Any]], warnings: list[str]) -> Answer:
        size = min(_page_size(request), self._world.profile.exchange_page)
        if len(rows) > size and self._world.profile.exchange_pages == "cut":
            rows, warnings = rows[:size], [*warnings, f"WARNING: There are more results than the {size} shown here."]
        body: dict[str, Any] = {
            "@odata.context": f"{self._base}/$metadata#Collection(Exchange.GenericHashTable)",
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": warnings,
            "value": rows[:size],
        }
        if len(rows) > size:
            token = str(uuid.uuid4())
            self._rest[token] = (hashlib.sha256(request.body).hexdigest(), rows[size:])
            query = {**request.query, "$skiptoken": token}
            body["@odata.nextLink"] = f"{self._site}{request.path}?{urllib.parse.urlencode(query, safe='$,')}"
        return Answer(200, body, {"X-Warnings": json.dumps(warnings)} if warnings else {})


def _selected(rows: Sequence[Row], select: str | None) -> Sequence[Row]:
    """Every row of a cmdlet has the same properties."""
    if not select or not rows:
        return rows
    names = {name.lower(): name for name in rows[0]}
    wanted = [name.strip() for name in select.split(",")]
    for name in wanted:
        if name.lower() not in names:
            raise CmdletError("ParameterBindingException", f"The output has no property named '{name}'.")
    shown = [names[name.lower()] for name in wanted]
    return [{name: row[name] for name in shown} for row in rows]


def _page_size(request: Request) -> int:
    found = _PAGE_SIZE.search(request.headers.get("prefer", ""))
    return max(1, int(found[1])) if found else _LARGEST_PAGE


def _json(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _plain_error(status: int, code: str, message: str) -> Answer:
    return Answer(
        status,
        {"error": {"code": code, "message": message, "innererror": {"message": message, "type": "", "stacktrace": ""}}},
    )
