"""The emulated tenant as one server: sign-in, Graph and Exchange under one address."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.behaviour.faults import Faults
from reconcile.sandbox.tenant.behaviour.profiles import PROFILES, Profile
from reconcile.sandbox.tenant.behaviour.turns import Turns
from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.control import Control, wished
from reconcile.sandbox.tenant.exchange.invoke_command import Exchange
from reconcile.sandbox.tenant.graph.routes import Graph
from reconcile.sandbox.tenant.https.certificates import issue_certificates
from reconcile.sandbox.tenant.https.har import Recorder
from reconcile.sandbox.tenant.https.web import Answer, LostAnswerError, Request, WebServer
from reconcile.sandbox.tenant.post import Post, no_way
from reconcile.sandbox.tenant.sign_in.permissions import GRANTED, OF_LETTERS
from reconcile.sandbox.tenant.sign_in.realms import Realms
from reconcile.sandbox.tenant.sign_in.tokens import Issuer
from reconcile.sandbox.tenant.world.listener import MailboxListener
from reconcile.sandbox.tenant.world.objects import Principal
from reconcile.sandbox.tenant.world.seed import furnish
from reconcile.sandbox.tenant.world.skus import subscriptions
from reconcile.sandbox.tenant.world.world import World

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class TenantOptions:
    """What a tenant is made with.

    ``port`` 0: one of the system's choice. ``seats``: licences bought, by skuPartNumber, E1 or E3; None: enough.
    ``profile``: how hard the tenant makes it; ``delays`` overrides its waits, in seconds. ``permissions``: what the
    application was granted. ``now``: where the virtual clock starts, None for the present moment; ``flow``: the elapsed
    real seconds it also follows. The same ``seed`` gives the same identifiers and the same mishaps. ``first_day`` fills
    the new tenant.
    """

    port: int = 0
    seats: Mapping[str, int] | None = None
    profile: Profile = PROFILES["calm"]
    delays: Delays | None = None
    permissions: Sequence[str] = (*GRANTED, *OF_LETTERS)
    now: dt.datetime | None = None
    flow: Callable[[], float] = time.monotonic
    seed: int = 1
    first_day: Callable[[World], object] = furnish


class TenantServer:
    """A tenant on loopback. ``url`` is at once the authority, Graph and Exchange; it is known before ``start``.

    ``world`` is what it holds: whoever looks holds its ``lock``.

    ``folder`` receives the throw-away certificates. ``resolve(name, type)`` shows the DNS to the domain verifier.
    ``mailboxes`` is notified of which mailboxes there are. ``record`` is a folder for HAR files. ``post`` takes the
    tenant's own messages to other servers.
    """

    def __init__(
        self,
        folder: Path,
        *,
        resolve: Callable[[str, str], Sequence[str]],
        mailboxes: MailboxListener | None = None,
        record: Path | None = None,
        options: TenantOptions = TenantOptions(),
        post: Post = no_way,
    ) -> None:
        certificates = issue_certificates(folder)
        self.ca_file = certificates.authority
        self._clock = VirtualClock(options.now or dt.datetime.now(dt.UTC), options.flow)
        self._turns = Turns(self._clock.now)
        self._web = WebServer(self._answer, self._clock.now, certificates.server, certificates.key, options.port)
        self.url = f"https://127.0.0.1:{self._web.port}"
        self.control = f"{self.url}/sandbox"
        source = random.Random(options.seed)  # noqa: S311 - repeatable identifiers, not secrets
        profile = dataclasses.replace(options.profile, delays=options.delays or options.profile.delays)
        world = World(self._clock, source, subscriptions(options.seats), profile, mailboxes)
        self.world = world
        self.tenant_id = world.tenant_id
        self.initial_domain = world.initial_domain
        self.copier_principal = world.copier_principal
        self._issuer = Issuer(
            self.url,
            world.tenant_id,
            world.initial_domain,
            world.copier_principal,
            options.permissions,
            self._clock,
            source,
        )
        self.client_id = self._issuer.client_id
        self.client_secret = self._issuer.client_secret
        self.issuer = self._issuer.issuer
        self.signing_key_id = self._issuer.signing_key_id
        self.public_key_pem = self._issuer.public_key_pem
        world.principals[world.copier_principal] = Principal(self.client_id, "reconcile")
        self._faults = Faults(lambda: world.profile.trouble, source.getrandbits(64))
        self._control = Control(world, self._faults, self._issuer)
        self._graph = Graph(self.url, world, self._issuer, resolve)
        self._exchange = Exchange(self.url, world, self._issuer, resolve, post)
        self._realms = Realms(self.url, world)
        self._recorder = Recorder(record, self.url) if record is not None else None
        options.first_day(world)

    def start(self) -> None:
        self._web.start()

    def stop(self) -> None:
        self._web.stop()
        if self._recorder is not None:
            self._recorder.close()

    def _answer(self, request: Request) -> Answer:
        if request.segments[0] == "sandbox":
            with self._turn_of(request):
                return self._control.page(request)
        with self._turns.work():
            return self._service(request)

    def _turn_of(self, request: Request) -> contextlib.AbstractContextManager[None]:
        """A client that waits has its turn; whoever only looks, or sets something up by hand, is answered at once."""
        moment = wished(request)
        return self._turns.leap(moment) if moment is not None else contextlib.nullcontext()

    def _service(self, request: Request) -> Answer:
        started, began = self._clock.now(), time.monotonic()
        try:
            answer = self._faults.through(request, self._page)
        except LostAnswerError:
            answer = Answer(0)
            raise
        except Exception:
            # A defect of the sandbox must be seen as one, not as a broken connection.
            _LOG.exception("%s %s", request.method, request.path)
            answer = Answer(500, {"error": {"code": "SandboxDefect", "message": "The sandbox failed; see its log."}})
        finally:
            if self._recorder is not None:
                self._recorder.record(request, answer, started, (time.monotonic() - began) * 1000)
        return answer

    def _page(self, request: Request) -> Answer:
        match request.segments[0]:
            case "v1.0":
                return _named(self._graph.page(request))
            case "adminapi":
                return _named(self._exchange.page(request))
            case _:
                return self._realms.page(request) or self._issuer.page(request) or Answer(404)


def _named(answer: Answer) -> Answer:
    """The answer under an id of its own, as both services give one; an error says the same id in its body."""
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    inner = error.get("innerError") if isinstance(error, dict) else None
    request_id = inner.get("request-id") if isinstance(inner, dict) else None
    return dataclasses.replace(answer, headers={"request-id": request_id or str(uuid.uuid4()), **answer.headers})
