"""The whole story on one machine: ``make demo``.

Three invented federations are migrated from an old mail host to a tenant, both on loopback, by the commands a
postmaster would type. Everything happens in .demo/, which may be looked at afterwards and thrown away.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / ".demo"
RECONCILE = str(Path(sys.executable).with_name("reconcile"))


class Failed(Exception):
    """A step did not end as the story says."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", type=Path, help="keep the tenant's traffic there, as HAR files")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    began = time.monotonic()
    try:
        with alone():
            set_the_stage()
            try:
                story(arguments.record.resolve() if arguments.record else None)
            finally:
                sandbox_down()
        print(f"\nThe whole story took {time.monotonic() - began:.0f} seconds.", flush=True)
    except Failed as failure:
        print(f"\ndemo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; the sandbox is stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # make demo | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One demo at a time in one clone: they would share .demo/. The kernel frees the lock, whatever happens."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failed("another one is being shown in this clone; wait for its end, or make a second clone") from None
    try:
        yield
    finally:
        os.close(descriptor)


def sandbox_down() -> None:
    subprocess.run([RECONCILE, "sandbox", "down"], cwd=STAGE, env=environment(), capture_output=True, check=False)


def set_the_stage() -> None:
    if STAGE.exists():
        sandbox_down()
        shutil.rmtree(STAGE)
    STAGE.mkdir()
    shutil.copytree(ROOT / "federations", STAGE / "federations")
    shutil.copy(ROOT / "reconcile.toml", STAGE)


def story(record: Path | None) -> None:
    title("1. Three federations, described in YAML. Are the files right?")
    run("validate")
    title("2. The world they live in: a tenant, a DNS server, the old mail host and the new one, all on this machine.")
    run("sandbox", "up", *(["--record", str(record)] if record else []))
    title("3. Would the move work? The gates before the lock want a rehearsal that went well.")
    run("rehearse")
    title("4. What does the old host hold? Somebody must decide on each address that no file names: here, give it up.")
    run("inventory", "read")
    run("inventory", "show", "spf55", "--undecided")
    decide()
    run("status")
    title("5. What would change? Nothing is written by a plan.")
    run("plan", "--out", "plans/first.json", "--detailed-exitcode", expect=2)
    title("6. Apply exactly that plan.")
    run("apply", "plans/first.json")
    title("7. Copy every old message into its new mailbox.")
    run("copy", "work")
    title("8. A later run, never the one that switched: the old host no longer sends for these domains.")
    run("apply", "--yes")
    title("   Is there anything left to do?")
    run("plan", "--detailed-exitcode")
    title("9. Somebody changes a licence and adds an alias by hand, in the tenant's portal…")
    run("sandbox", "portal", "camille.dupont@spf55.org", "--licence", "E1", "--add-alias", "camille@spf55.org")
    title("   … and the next plan shows who moved.")
    run("plan", "--detailed-exitcode", expect=2)
    run("apply", "--yes", "spf55")
    title("10. A federation takes a delegate off a shared mailbox: one line of YAML.")
    remove_a_delegate()
    run("plan", "spf55", "--detailed-exitcode", expect=2)
    run("apply", "--yes", "spf55")
    title("11. And now?")
    run("plan", "--detailed-exitcode")
    account()


def decide() -> None:
    """Give up every old address that no file names: a line each, under not_migrated."""
    for path in sorted((STAGE / "federations").glob("*.yaml")):
        words = ["--sandbox", "inventory", "show", "--json", path.stem]
        told = subprocess.run([RECONCILE, *words], cwd=STAGE, env=environment(), capture_output=True, check=True)
        decisions = json.loads(told.stdout)["decisions"]
        silent = sorted(address for address, decided in decisions.items() if decided == "undecided")
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"  - {address}\n" for address in silent)
        print(f"federations/{path.name}: not_migrated: + {', '.join(silent)}", flush=True)


def remove_a_delegate() -> None:
    """Take the last plain delegate of the first shared mailbox out of spf55.yaml and show the difference."""
    path = STAGE / "federations" / "spf55.yaml"
    before = path.read_text(encoding="utf-8")
    block = re.search(r"    delegates:\n(?:      - .*\n){2,}", before)
    if block is None:
        raise Failed("spf55.yaml holds no shared mailbox with several delegates")
    line = next(one for one in reversed(block[0].splitlines(keepends=True)) if "{" not in one and "@" in one)
    start = block.start() + block[0].index(line)
    path.write_text(before[:start] + before[start + len(line) :], encoding="utf-8")
    number = before[:start].count("\n") + 1
    print(f"federations/spf55.yaml:{number}\n\033[31m-{line.rstrip()}\033[0m" if colour() else f"- {line.rstrip()}")


def account() -> None:
    """What was done, counted from what the commands left behind."""
    title("What was done")
    kinds: dict[str, int] = {}
    for path in sorted((STAGE / "spfstate" / "federations").glob("*.json")):
        for address in json.loads(path.read_text(encoding="utf-8"))["records"]:
            kind = address.split("/")[1]
            kinds[kind] = kinds.get(kind, 0) + 1
    runs = list((STAGE / "spfstate" / "runs").glob("*.jsonl"))
    print(f"  {kinds.get('domain', 0)} domains added and verified, {kinds.get('dns', 0)} DNS record sets in place")
    print(f"  {kinds.get('mailbox', 0)} mailboxes, {kinds.get('access', 0)} of them shared with named people")
    print(f"  {kinds.get('copy', 0)} old mailboxes copied (reconcile copy status)")
    print(f"  {len(runs)} applies, each with its journal")
    print("Where to look next")
    for what, why in (
        (".demo/federations/", "the files a federation is described by"),
        (".demo/plans/first.json", "the plan that was applied: reconcile show plans/first.json"),
        (".demo/spfstate/", "what is ours, and what every apply did: reconcile log, reconcile state list"),
        ("README.md", "the map of this repository; docs/architecture.md walks one federation through it"),
    ):
        print(f"  {what:<23}{why}")
    print("The commands stand in .venv/bin. To try them yourself: cd .demo, then ../.venv/bin/reconcile sandbox up")


def title(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if colour() else f"\n{text}", flush=True)


def run(*arguments: str, expect: int = 0) -> None:
    """Show a command as it would be typed, run it, and hold it to its exit code."""
    talks_to_the_world = arguments[0] in ("rehearse", "inventory", "status", "plan", "apply", "copy")
    words = ["--sandbox", *arguments] if talks_to_the_world else list(arguments)
    print(f"$ reconcile {' '.join(words)}", flush=True)
    ended = subprocess.run([RECONCILE, *words], cwd=STAGE, env=environment(), check=False)
    if ended.returncode != expect:
        raise Failed(f"'reconcile {' '.join(words)}' left with {ended.returncode} instead of {expect}")


def environment() -> dict[str, str]:
    """The caller's, without what is meant for the live world: credentials above all."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RECONCILE_")}


def colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


if __name__ == "__main__":
    sys.exit(main())
