"""Graph v1.0: which page answers which path, and $batch."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from reconcile.sandbox.tenant.behaviour.quotas import Quotas
from reconcile.sandbox.tenant.graph.delta import UserChanges
from reconcile.sandbox.tenant.graph.directory import Directory
from reconcile.sandbox.tenant.graph.domains import Domains, Resolve
from reconcile.sandbox.tenant.graph.licences import Licences
from reconcile.sandbox.tenant.graph.listing import Pages
from reconcile.sandbox.tenant.graph.messages import Messages
from reconcile.sandbox.tenant.graph.permissions import check_permission
from reconcile.sandbox.tenant.graph.refusal import GraphRefusal, bad_request, throttled
from reconcile.sandbox.tenant.graph.users import Users
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.sign_in import tokens
from reconcile.sandbox.tenant.sign_in.tokens import Issuer, TokenRefusedError
from reconcile.sandbox.tenant.world.world import World

Page = Callable[[Request, str, object], Answer]

_COLLECTION = "$select $filter $top $count $skiptoken"
_BATCH_LIMIT = 20
_KEY_FORM = re.compile(r"(?P<collection>[A-Za-z]+)\('(?P<key>[^']+)'\)")


class Graph:
    """Everything under /v1.0."""

    def __init__(self, site: str, world: World, issuer: Issuer, resolve: Resolve) -> None:
        self._world = world
        self._issuer = issuer
        self._quotas = Quotas(world.clock)
        pages = Pages(site, lambda: world.profile, world.chance)
        users = Users(pages, world)
        changes = UserChanges(site, world, users)
        licences = Licences(pages, world, users)
        domains = Domains(pages, world, users, resolve)
        directory = Directory(pages, world, users, issuer.client_id)
        messages = Messages(pages, world, users)
        self._routes: dict[tuple[str, str], tuple[frozenset[str], Page]] = {}
        self._paths: list[tuple[str, ...]] = []
        for method, path, options, page in _pages(users, changes, licences, domains, directory, messages):
            self._routes[method, path] = (frozenset(options.split()), page)
            if (parts := tuple(path.split("/"))) not in self._paths:
                self._paths.append(parts)

    def page(self, request: Request) -> Answer:
        with self._world.lock:
            self._world.clock.settle()
            try:
                roles = self._issuer.roles(request, tokens.GRAPH)
            except TokenRefusedError as refused:
                return self._refused(GraphRefusal(401, "InvalidAuthenticationToken", str(refused)))
            whole = self._batch if request.segments[1:] == ("$batch",) else self._answer
            return self._guarded(whole, request, roles)

    def _guarded(
        self, page: Callable[[Request, frozenset[str]], Answer], request: Request, roles: frozenset[str]
    ) -> Answer:
        try:
            return page(request, roles)
        except GraphRefusal as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: GraphRefusal) -> Answer:
        now = f"{self._world.clock.now():%Y-%m-%dT%H:%M:%S}"
        return Answer(refusal.status, refusal.body(str(uuid.uuid4()), now), refusal.headers)

    def _answer(self, request: Request, roles: frozenset[str]) -> Answer:
        if self._world.profile.quotas and (wait := self._quotas.charge(request, len(self._world.users))) > 0:
            raise throttled(wait)
        path, key = self._route(request)
        options, page = self._routes[request.method, path]
        for option in request.query:
            if option not in options:
                raise GraphRefusal(
                    400, "Request_UnsupportedQuery", f"The query option '{option}' is not supported here."
                )
        body = _payload(request)
        check_permission(roles, request.method, path, body)
        if request.method in ("POST", "PATCH", "DELETE") and self._world.chance.collides():
            raise GraphRefusal(
                409, "Directory_ConcurrencyViolation", "Another request changes the same object at this moment."
            )
        return page(request, key, body)

    def _route(self, request: Request) -> tuple[str, str]:
        """The declared path a request matches, and the key in it."""
        parts = tuple(_parts(request.segments[1:]))
        known = False
        # The longest literal match wins: deletedItems/microsoft.graph.user is no object's id.
        for path in sorted(self._paths, key=lambda each: sum(part == "{}" for part in each)):
            if len(path) == len(parts) and all(own in ("{}", part) for own, part in zip(path, parts, strict=True)):
                known = True
                if (request.method, "/".join(path)) in self._routes:
                    key = next((part for own, part in zip(path, parts, strict=True) if own == "{}"), "")
                    return "/".join(path), key
        if known:
            raise GraphRefusal(
                405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
            )
        raise GraphRefusal(400, "BadRequest", f"Resource not found for the segment '{parts[-1] if parts else ''}'.")

    def _batch(self, request: Request, roles: frozenset[str]) -> Answer:
        if request.method != "POST":
            raise GraphRefusal(
                405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
            )
        body = _payload(request)
        parts = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(parts, list) or not parts:
            raise GraphRefusal(400, "BadRequest", "Invalid batch payload format.")
        if len(parts) > _BATCH_LIMIT:
            raise GraphRefusal(
                400, "BadRequest", f"Number of batch request steps exceeds the max value of {_BATCH_LIMIT}."
            )
        ids = [str(part.get("id", "")).lower() for part in parts]
        if "" in ids or len(set(ids)) < len(ids):
            raise GraphRefusal(400, "BadRequest", "Request Ids must be present and unique in a batch.")
        answers: dict[str, Answer] = {}
        for part in parts:
            answers[part["id"]] = self._part(part, answers, roles)
        return Answer(200, {"responses": [_packed(key, answer) for key, answer in answers.items()]})

    def _part(self, part: dict[str, Any], before: dict[str, Answer], roles: frozenset[str]) -> Answer:
        if any(key not in before or before[key].status >= 400 for key in part.get("dependsOn") or ()):
            return self._refused(GraphRefusal(424, "FailedDependency", "A request this one depends on failed."))
        if self._world.chance.strikes():
            return self._refused(throttled(3.5))
        headers = {str(name): str(value) for name, value in (part.get("headers") or {}).items()}
        body = b""
        if part.get("body") is not None:
            if not any(name.lower() == "content-type" for name in headers):
                return self._refused(
                    GraphRefusal(400, "BadRequest", "Write request id has a body but no Content-Type header.")
                )
            body = json.dumps(part["body"]).encode()
        request = Request.of(
            str(part.get("method", "")), "/v1.0/" + str(part.get("url", "")).lstrip("/"), headers, body
        )
        return self._guarded(self._answer, request, roles)


def _pages(
    users: Users,
    changes: UserChanges,
    licences: Licences,
    domains: Domains,
    directory: Directory,
    messages: Messages,
) -> Iterable[tuple[str, str, str, Page]]:
    """Method, path, query options, page: the whole surface."""
    return (
        ("GET", "users", _COLLECTION, lambda request, _, __: users.listed(request)),
        ("GET", "users/delta", "$select $deltatoken $skiptoken", lambda request, _, __: changes.page(request)),
        ("POST", "users", "", lambda request, _, body: users.create(request, body)),
        ("GET", "users/{}", "$select", lambda request, key, _: users.get(request, key)),
        ("PATCH", "users/{}", "", lambda _, key, body: users.change(key, body)),
        ("DELETE", "users/{}", "", lambda _, key, __: users.delete(key)),
        ("POST", "users/{}/assignLicense", "", licences.assign),
        ("POST", "users/{}/revokeSignInSessions", "", lambda _, key, __: users.revoke_sessions(key)),
        ("GET", "users/{}/licenseDetails", "$select", lambda request, key, _: licences.details(request, key)),
        ("GET", "users/{}/messages", "$select $filter $top $skiptoken",
         lambda request, key, _: messages.listed(request, key)),
        ("POST", "users/{}/messages", "", messages.create),
        ("POST", "users/{}/messages/{}/send", "", messages.send),
        ("GET", "users/{}/messages/{}/$value", "", lambda request, key, _: messages.value(request, key)),
        ("GET", "users/{}/mailFolders/inbox/messages", "$select $filter $top $skiptoken",
         lambda request, key, _: messages.inbox(request, key)),
        ("GET", "subscribedSkus", "$select $skiptoken", lambda request, _, __: licences.listed(request)),
        ("GET", "subscribedSkus/{}", "$select", lambda request, key, _: licences.get(request, key)),
        ("GET", "domains", "$select $filter $top $skiptoken", lambda request, _, __: domains.listed(request)),
        ("POST", "domains", "", lambda request, _, body: domains.create(request, body)),
        ("GET", "domains/{}", "$select", lambda request, key, _: domains.get(request, key)),
        ("PATCH", "domains/{}", "", lambda _, key, body: domains.change(key, body)),
        ("DELETE", "domains/{}", "", lambda _, key, __: domains.delete(key)),
        ("POST", "domains/{}/verify", "", domains.verify),
        ("POST", "domains/{}/forceDelete", "", lambda _, key, body: domains.force_delete(key, body)),
        ("POST", "domains/{}/promote", "", lambda _, key, __: domains.promote(key)),
        ("GET", "domains/{}/rootDomain", "", lambda request, key, _: domains.root(request, key)),
        ("GET", "domains/{}/verificationDnsRecords", "", lambda _, key, __: domains.verification_records(key)),
        ("GET", "domains/{}/serviceConfigurationRecords", "", lambda _, key, __: domains.service_records(key)),
        ("GET", "domains/{}/domainNameReferences", "$top $select $skiptoken",
         lambda request, key, _: domains.references(request, key)),
        ("GET", "directory/deletedItems/microsoft.graph.user", _COLLECTION,
         lambda request, _, __: directory.deleted(request)),
        ("GET", "directory/deletedItems/{}", "$select", lambda request, key, _: directory.deleted_one(request, key)),
        ("DELETE", "directory/deletedItems/{}", "", lambda _, key, __: directory.purge(key)),
        ("POST", "directory/deletedItems/{}/restore", "",
         directory.restore),
        ("GET", "organization", "$select $skiptoken", lambda request, _, __: directory.organization(request)),
        ("GET", "organization/{}", "$select", lambda request, key, _: directory.organization_one(request, key)),
        ("GET", "servicePrincipals", _COLLECTION, lambda request, _, __: directory.service_principals(request)),
        ("GET", "servicePrincipals(appId)/{}", "$select",
         lambda request, key, _: directory.service_principal_of(request, key)),
    )  # fmt: skip


def _parts(segments: Iterable[str]) -> Iterable[str]:
    """Path segments, with users('x') taken as users/x."""
    for segment in segments:
        if found := _KEY_FORM.fullmatch(segment):
            yield from found.groups()
        elif found := re.fullmatch(r"(servicePrincipals)\(appId='([^']+)'\)", segment):
            yield from (f"{found[1]}(appId)", found[2])
        else:
            # Microsoft's own clients write the namespace's alias.
            yield re.sub(r"^graph\.", "microsoft.graph.", segment.removesuffix("()"))


def _payload(request: Request) -> object:
    if not request.body:
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/plain":
        return request.body
    try:
        return json.loads(request.body)
    except ValueError:
        raise bad_request(
            "Unable to read JSON request payload. Please ensure payload is of valid JSON format."
        ) from None


def _packed(key: str, answer: Answer) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} if answer.body is not None else {}
    packed = {"id": key, "status": answer.status, "headers": {**headers, **answer.headers}}
    return packed if answer.body is None else {**packed, "body": answer.body}
