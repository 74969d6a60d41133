"""Microsoft's own client before the sandbox's tenant: msgraph-sdk signed in by azure-identity."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.tenant.client import Client, Zones

from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

#: What a test does with the client.
Do = Callable[[Any], Awaitable[Any]]


class Microsoft:
    """The client, the tenant it speaks to, and the DNS that tenant sees."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.zones = Zones()
        self.server = TenantServer(folder, resolve=self.zones.resolve, options=TenantOptions(**options))
        self.server.start()
        self.other = Client(self.server)

    def run(self, do: Do) -> Any:
        """What ``do`` answers, carried out with a client of its own."""
        return asyncio.run(self._run(do))

    async def _run(self, do: Do) -> Any:
        import httpx
        from azure.identity.aio import ClientSecretCredential
        from kiota_authentication_azure.azure_identity_authentication_provider import (
            AzureIdentityAuthenticationProvider,
        )
        from msgraph import GraphServiceClient
        from msgraph.graph_request_adapter import GraphRequestAdapter
        from msgraph_core import GraphClientFactory

        server = self.server
        authority = httpx.URL(server.url)
        async with (
            ClientSecretCredential(
                server.tenant_id,
                server.client_id,
                server.client_secret,
                authority=f"{authority.host}:{authority.port}",
                disable_instance_discovery=True,
                connection_verify=str(server.ca_file),
            ) as credential,
            httpx.AsyncClient(
                verify=ssl.create_default_context(cafile=server.ca_file), base_url=f"{server.url}/v1.0"
            ) as http,
        ):
            provider = AzureIdentityAuthenticationProvider(
                credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=[]
            )
            client = GraphClientFactory.create_with_default_middleware(client=http)
            adapter = GraphRequestAdapter(provider, client)
            adapter.base_url = f"{server.url}/v1.0"
            return await do(GraphServiceClient(request_adapter=adapter))


@pytest.fixture
def microsoft(tmp_path: Path) -> Iterator[Microsoft]:
    pytest.importorskip("msgraph", reason="make test-sdk installs it")
    made = Microsoft(tmp_path)
    yield made
    made.server.stop()
