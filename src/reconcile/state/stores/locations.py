"""From a location in reconcile.toml to the store that keeps state there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.snapshot.encoding import PLAIN, Encoding
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Store

_CLOUDS = ("s3", "az", "gs")


def open_store(
    location: str,
    clock: Clock,
    slugs: Sequence[str],
    login: tuple[str, str] | None,
    lost: Callable[[], None],
    encoding: Encoding = PLAIN,
) -> Store:
    """The store at a folder, ``s3://``, ``az://``, ``gs://``, ``postgresql://`` or ``https://`` (GitLab, Gitea).

    ``clock`` times leases: the machine's, never a virtual one. ``slugs``: the federations there are files of.
    ``login``: user and password for https. ``lost``: see lease.py; ``encoding``: see encoding.py. Raises Problem STA10
    when a package is missing, STA11 when the location makes no sense.
    """
    parts = urlsplit(location)
    if parts.password is not None:
        raise Problem(
            "STA11",
            Phrase(
                "The location of the state, {scheme}://{hostname}…, holds a password.",
                scheme=parts.scheme,
                hostname=parts.hostname,
            ),
            "take it out of reconcile.toml and put it in the environment (PGPASSWORD, RECONCILE_STATE_PASSWORD)",
        )
    if "://" not in location:
        return FolderStore(Path(location), encoding)
    if parts.scheme in _CLOUDS:
        from reconcile.state.stores.cloud import CloudBucket
        from reconcile.state.stores.objects import ObjectStore

        return ObjectStore(CloudBucket.at(location), clock, lost, encoding)
    if parts.scheme == "postgresql":
        from reconcile.state.stores.postgres import PostgresStore

        return PostgresStore(location, encoding)
    if parts.scheme in ("http", "https"):
        from reconcile.state.stores.http import HttpStore, Login

        return HttpStore(location, Login(*login) if login else None, slugs, encoding)
    raise Problem(
        "STA11",
        Phrase("State cannot be kept in {location}.", location=location),
        "use a folder, s3://, az://, gs://, postgresql:// or the https address of GitLab's or Gitea's Terraform states",
    )
