"""Amazon S3, Azure Blob Storage and Google Cloud Storage as buckets, through obstore (an optional dependency).

Credentials are found by obstore as each cloud's own tools do: environment, workload identity, instance role.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem, pip_install
from reconcile.state.stores.bucket import Overtaken, Tag

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Obstore


class CloudBucket:
    """A folder of a cloud's bucket: ``s3://bucket/folder``, ``az://container/folder``, ``gs://bucket/folder``."""

    def __init__(self, store: Obstore, name: str) -> None:
        """``name``: how messages call it."""
        self._store = store
        self._name = name
        self._known_to_exist = False

    @classmethod
    def at(cls, location: str, **options: Any) -> CloudBucket:
        """Open a location. ``options``: obstore's own, for an endpoint that is not the cloud's. Raises STA10, STA11."""
        try:
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError:
            message = Phrase("State in {location} needs a package that is not installed.", location=location)
            raise Problem("STA10", message, pip_install("stores")) from None
        options.setdefault("retry_config", {"max_retries": 5, "retry_timeout": dt.timedelta(seconds=60)})
        try:
            return cls(from_url(location, **options), location)
        except (BaseError, ValueError) as error:
            raise Problem(
                "STA11",
                Phrase("{location} is not a place for a state ({error}).", location=location, error=_first_line(error)),
            ) from None

    def get(self, key: str) -> tuple[bytes, Tag] | None:
        import obstore

        try:
            with self._answering():
                found = obstore.get(self._store, key)
                return bytes(found.bytes()), _tag(found.meta)
        except FileNotFoundError:
            self._check_existence()
            return None

    def put(self, key: str, body: bytes, over: Tag | None) -> Tag:
        import obstore

        mode: Any = "create" if over is None else dict(over)
        try:
            with self._answering():
                return _tag(obstore.put(self._store, key, body, mode=mode))
        except FileNotFoundError:
            raise self._missing() from None

    def keys(self, folder: str) -> list[str]:
        import obstore

        try:
            with self._answering():
                pages = obstore.list(self._store, folder)
                return sorted(entry["path"].removeprefix(f"{folder}/") for page in pages for entry in page)
        except FileNotFoundError:
            raise self._missing() from None

    def _check_existence(self) -> None:
        # A missing bucket answers "not found" like a missing object, and unknown is not absent.
        if not self._known_to_exist:
            self.keys("federations")
            self._known_to_exist = True

    def _missing(self) -> Problem:
        return Problem(
            "STA08", Phrase("{name} does not exist.", name=self._name), "create the bucket first, or correct its name"
        )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        from obstore import exceptions

        try:
            yield
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError, exceptions.NotModifiedError):
            raise Overtaken from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError):
            raise Problem(
                "STA08",
                Phrase("{name} refuses our credentials.", name=self._name),
                "check the role of this machine or pipeline",
            ) from None
        except exceptions.BaseError as error:
            if "404 Not Found" in str(error):
                raise self._missing() from None  # a listing of what is not there has no class of its own
            raise Problem(
                "STA08",
                Phrase("{name} does not answer ({error}).", name=self._name, error=_first_line(error)),
                "run the same command again later",
            ) from None


def _tag(meta: Mapping[str, Any]) -> Tag:
    # obstore refuses None in a mode.
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name)}


def _first_line(error: Exception) -> str:
    """What an error says, without the server's page and the query strings that may carry a signature."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return re.sub(r"\?\S*", "", line.partition("<")[0])[:200].rstrip(": ")
