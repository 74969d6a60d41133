"""What a background sandbox is asked to be, written down for the process that will be it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Self

from reconcile.sandbox.first_day import Seed
from reconcile.sandbox.habits import LegacyBox, LegacyFilter, LegacyForward, LegacyPublicFolder


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """A world to make, the folder that receives its HAR files, the tenant's behaviour, and the Dovecot of each mail
    host where it is not this machine's; whether the old one has SMTP, by Postfix."""

    seed: Seed
    record: Path | None = None
    profile: str = "calm"
    old_dovecot: Path | None = None
    new_dovecot: Path | None = None
    postfix: bool = False

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(self), default=str, indent=2, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises OSError when there is none, ValueError or KeyError when it is not one of ours."""
        tree = json.loads(file.read_text(encoding="utf-8"))
        seed = tree["seed"]
        legacy = tuple(LegacyBox(**box) for box in seed["legacy"])
        mail = {address: Path(folder) for address, folder in seed["mail"].items()}
        record, old, new = (
            Path(tree[name]) if tree[name] else None for name in ("record", "old_dovecot", "new_dovecot")
        )
        forwards = tuple(LegacyForward(one["address"], tuple(one["targets"]), one["named"]) for one in seed["forwards"])
        filters = tuple(LegacyFilter(**one) for one in seed["filters"])
        public = tuple(LegacyPublicFolder(**one) for one in seed["public"])
        servers = tuple(seed["servers"])
        more = (forwards, filters, seed["seats"], public)
        world = Seed(seed["zones"], legacy, servers, mail, seed["messages"], *more)
        return cls(world, record, tree["profile"], old, new, postfix=tree["postfix"])
