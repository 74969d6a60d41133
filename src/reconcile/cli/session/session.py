"""What every command needs: the environment, the folders, settings and federations, loaded when asked for."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reconcile.cli.session.same_world import check_world
from reconcile.language.catalogue import Catalogue, Language, catalogue
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reconcile.clock import Clock
    from reconcile.config.inventory.inventory import Inventory
    from reconcile.config.settings.settings import Settings
    from reconcile.config.structures.register import Register
    from reconcile.state.inventory import InventoryFolder
    from reconcile.state.proofs import ProofFolder
    from reconcile.state.rehearsals import RehearsalFolder
    from reconcile.state.sheets import SheetFolder
    from reconcile.state.structures import StructureFolder

SANDBOX_FOLDER = Path(".sandbox")


@dataclasses.dataclass(frozen=True)
class Session:
    """One call of the command. ``environment`` is the only way anything here sees environment variables."""

    environment: Mapping[str, str]
    sandbox: bool
    color: str
    federations: Path = Path("federations")
    state: Path = Path("spfstate")
    settings_file: Path = Path("reconcile.toml")
    #: The moment to play instead of the present one, as typed; nothing is written then.
    as_of: str = ""
    #: The revision whose reconcile.toml counts, as typed.
    settings_from: str = ""
    #: What people are spoken to in.
    language: Language = "en"

    @functools.cached_property
    def own_settings(self) -> Settings:
        """reconcile.toml alone: this folder's, or that of the branch a pull request goes to."""
        from reconcile.config.settings.load import load_settings

        return load_settings([self.settings_file], self._base_text)

    @functools.cached_property
    def _base_text(self) -> Mapping[Path, str]:
        """The text of reconcile.toml when it is not this folder's that counts; said when the two differ.

        Raises CFG06 when it cannot be read, or when a file it names was changed since.
        """
        from reconcile.cli.session import base_settings

        reference = self.settings_from or base_settings.default_reference(self.environment)
        if not reference:
            return {}
        text = base_settings.settings_text(reference, self.settings_file)
        try:
            here = self.settings_file.read_text(encoding="utf-8", errors="replace")
            files = list(base_settings.named_files(tomllib.loads(text), self.settings_file.parent))
        except (OSError, tomllib.TOMLDecodeError):
            here, files = "", []
        base_settings.refuse_changed_files(reference, self.settings_file, files)
        if changed := base_settings.changed_keys(text, here):
            shown = ", ".join(changed[:10]) + (" …" if len(changed) > 10 else "")
            told = Phrase(
                "{file} of {reference} counts here; this branch changes {shown}, once merged.",
                file=self.settings_file,
                reference=reference,
                shown=shown,
            )
            self.warn(told)
        return {self.settings_file: text}

    @functools.cached_property
    def settings(self) -> Settings:
        """reconcile.toml, overlaid with the sandbox's when this call talks to the sandbox."""
        from reconcile.config.settings.load import load_settings

        paths = [self.settings_file]
        if self.sandbox:
            overlay = SANDBOX_FOLDER / "settings.toml"
            if not overlay.exists():
                raise Problem("SBX01", "No sandbox runs in this folder.", "start it with: reconcile sandbox up")
            paths.append(overlay)
        return load_settings(paths, self._base_text)

    @functools.cached_property
    def outside(self) -> Settings:
        """The settings, for whoever is about to contact the outside systems they name.

        Raises STA16 when what this folder records is of the other world: what a sandbox holds is not ours to change in
        the tenant, nor the other way round.
        """
        from reconcile.state.worlds import is_sandbox, recorded_lineages

        for path, lineage in recorded_lineages(self.state):
            check_world(self, str(path), lineage)
            if is_sandbox(lineage) == self.sandbox:
                break  # one folder never holds two worlds: each write is checked
        return self.settings

    @functools.cached_property
    def clock(self) -> Clock:
        """The machine's clock; the sandbox's virtual one when this call talks to the sandbox; moved by --as-of."""
        from reconcile.cli.session.moment import as_of_moment
        from reconcile.clock import AsOfClock

        moment = as_of_moment(self.as_of, self.zone)
        return AsOfClock(self._world_clock, moment) if moment else self._world_clock

    @functools.cached_property
    def _world_clock(self) -> Clock:
        from reconcile.clock import SystemClock

        if self.settings.sandbox is None:
            return SystemClock()
        from reconcile.sandbox.clock import SandboxClock

        return SandboxClock(self.settings.sandbox.control, self.settings.tenant.ca_file)

    @functools.cached_property
    def zone(self) -> ZoneInfo:
        """Where moments are said: the network's time zone."""
        return ZoneInfo(self.settings.calendar.timezone)

    @property
    def today(self) -> dt.date:
        """The civil day it is, where the network is."""
        return self.clock.now().astimezone(self.zone).date()

    @property
    def inventory_folder(self) -> InventoryFolder:
        """What was read of the old hosts, in this call's world."""
        from reconcile.state.inventory import InventoryFolder

        return InventoryFolder(self.state / "inventory", sandbox=self.sandbox)

    @property
    def inventories(self) -> Mapping[str, Inventory | Problem]:
        """The newest inventory of each federation there is a file of, or why it cannot be told."""
        return self.inventory_folder.newest_of(path.stem for path in self.federations.glob("spf*.yaml"))

    @property
    def structure_folder(self) -> StructureFolder:
        """What was read of PopStructure, in this call's world."""
        from reconcile.state.structures import StructureFolder

        return StructureFolder(self.state / "structures", sandbox=self.sandbox)

    @property
    def register(self) -> Register | None:
        """The structures as they were read last; None when they never were. Raises STR01 or STR02."""
        return self.structure_folder.newest()

    @property
    def proof_folder(self) -> ProofFolder:
        """What probes of the signature's tokens found, in this call's world."""
        from reconcile.state.proofs import ProofFolder

        return ProofFolder(self.state / "signature", sandbox=self.sandbox)

    @property
    def rehearsal_folder(self) -> RehearsalFolder:
        """How the rehearsals of this call's world ended."""
        from reconcile.state.rehearsals import RehearsalFolder

        return RehearsalFolder(self.state / "rehearsals", sandbox=self.sandbox)

    @functools.cached_property
    def pipeline(self) -> str:
        """The page of the pipeline this call runs in, as GitHub or GitLab tell it; "" outside of one."""
        environment = self.environment
        if run := environment.get("GITHUB_RUN_ID"):
            server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
            return f"{server}/{repository}/actions/runs/{run}"
        return environment.get("CI_PIPELINE_URL", "")

    @property
    def sheet_folder(self) -> SheetFolder:
        """Which workbooks went out and came back, in this call's world."""
        from reconcile.state.sheets import SheetFolder

        return SheetFolder(self.state / "sheets", sandbox=self.sandbox)

    def print(self, lines: Iterable[Text]) -> None:
        """Show a view on standard output."""
        console = self.console()
        for line in lines:
            console.print(line)

    def warn(self, text: str) -> None:
        """Say something beside the result, on standard error; nothing in it moves the cursor."""
        self.console(stderr=True).print(self.say(text), markup=False)

    def say(self, text: str) -> str:
        """The sentence in this call's language; nothing that others wrote in it moves the cursor."""
        from reconcile.views.wording import harmless

        return self.words.say(text, harmless)

    @property
    def words(self) -> Catalogue:
        """What this call's language says."""
        return catalogue(self.language)

    def secret(self, variable: str, file: Path | None, what: str) -> str:
        """A credential from the environment, else from its file. Raises AUTH01 when there is neither.

        Towards the sandbox only its own files count: a live secret in the environment is none of its business.
        """
        value = self.environment.get(variable, "").strip()  # a secret is easily pasted with the end of its line
        if value and not self.sandbox:
            return value
        if file is None:
            raise Problem("AUTH01", Phrase("No {what}.", what=what), self._where_to_find(variable))
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as error:
            told = Phrase("Cannot read the {what} in {file}: {why}.", what=what, file=file, why=error.strerror)
            raise Problem("AUTH01", told, Phrase("or set {variable}", variable=variable)) from None

    def _where_to_find(self, variable: str) -> str:
        if not self.sandbox and (SANDBOX_FOLDER / "settings.toml").exists():
            return Phrase(
                "for the sandbox of this folder, say --sandbox; for the live world, set {name}", name=variable
            )
        return Phrase("set {variable}, or name a file in reconcile.toml", variable=variable)

    def console(self, *, stderr: bool = False) -> Console:
        """Where to write: colour only on a terminal, unless NO_COLOR, FORCE_COLOR or --color say otherwise."""
        from reconcile.cli.session.terminal import console

        plain = self.color == "never" or (self.color == "auto" and bool(self.environment.get("NO_COLOR")))
        return console(plain=plain, forced=self.color == "always", stderr=stderr)
