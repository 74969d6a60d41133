"""The commands, by name: where each is, and its line of help."""

from __future__ import annotations

#: command → module:attribute, and its line of help. Modules are imported when called, so that --help stays quick.
COMMANDS = {
    "init": ("reconcile.cli.init.commands:init", "Begin a mailboxes repository: settings, folders, pipelines."),
    "validate": ("reconcile.cli.validate:validate", "Check the federation files; nothing leaves this machine."),
    "fmt": (
        "reconcile.cli.fmt:fmt",
        "Write federation files in their canonical form, comments kept; --check, --diff.",
    ),
    "schema": ("reconcile.cli.schema:schema", "Write the JSON Schema of a federation file, or check it is current."),
    "inventory": (
        "reconcile.cli.inventory.commands:inventory",
        "What the old hosts hold: read, show, compare. Nothing on them is changed.",
    ),
    "structures": (
        "reconcile.cli.structures.commands:structures",
        "The network's places as PopStructure has them: read, show, compare.",
    ),
    "batches": ("reconcile.cli.batches:batches", "Who migrates when: show, propose, move, ics."),
    "sheet": ("reconcile.cli.sheet.commands:sheet", "The workbook that federations complete: out, in, status."),
    "cost": ("reconcile.cli.cost:cost", "What the licences cost, and those above the share; who was told."),
    "rehearse": (
        "reconcile.cli.rehearse.rehearse:rehearse",
        "Look at all a federation's move depends on; change nothing.",
    ),
    "signature": (
        "reconcile.cli.signature.commands:signature",
        "What everybody's messages end with: probe the tenant's tokens, look at it.",
    ),
    "plan": (
        "reconcile.cli.plan.plan:plan",
        "Compare YAML with the tenant, DNS and the old host; show what would change.",
    ),
    "show": ("reconcile.cli.plan.show:show", "Show a saved plan."),
    "approve": (
        "reconcile.cli.apply.approve:approve",
        "Write down what the files decide; apply is held to what was merged.",
    ),
    "apply": ("reconcile.cli.apply.apply:apply", "Carry a plan out: create, update, switch DNS, queue the copies."),
    "day": ("reconcile.cli.apply.day:day", "Carry one date through its eve: what is due, the lock, the cutover."),
    "drift": ("reconcile.cli.plan.drift:drift", "What is no longer as it was last applied, and since when."),
    "log": ("reconcile.cli.apply.log:log", "What was applied, by whom, and how it ended."),
    "import": ("reconcile.cli.import_:import_", "Write the federation file of mailboxes the tenant already has."),
    "status": (
        "reconcile.cli.status:status",
        "Where each federation stands: gates, lock, creation, switch, copies; errors first.",
    ),
    "report": (
        "reconcile.cli.board.report:report",
        "The board as a folder of pages: batches, the day, copies, plan, journal.",
    ),
    "serve": (
        "reconcile.cli.board.serve:serve",
        "The board on a local address, its figures moving as the migration goes on.",
    ),
    "relayed": (
        "reconcile.cli.relayed:relayed",
        "Addresses nobody listed that were written to since the switch.",
    ),
    "pipeline": (
        "reconcile.cli.pipelines.pipeline:pipeline",
        "Write the files by which GitHub or GitLab plans and applies.",
    ),
    "comment": (
        "reconcile.cli.pipelines.comment:comment",
        "Put a plan on its pull request, or keep one issue for what drifted.",
    ),
    "letter": (
        "reconcile.cli.letter.commands:letter",
        "Letters to the federations: show one, list, check templates, read what came back.",
    ),
    "state": (
        "reconcile.cli.state.commands:state",
        "What is recorded as ours: list, show, mv, rm, pull, push, rebuild, reseal.",
    ),
    "lock": ("reconcile.cli.state.locks:lock", "Who is applying at this moment."),
    "force-unlock": ("reconcile.cli.state.locks:force_unlock", "Free the lock that a dead run left."),
    "dns": (
        "reconcile.cli.dns.commands:dns",
        "Take back what was changed in DNS, or see whether everybody knows it yet.",
    ),
    "copy": (
        "reconcile.cli.copy.commands:copy",
        "Copy the old mail and follow it: work, status, report, verify, pause, retry.",
    ),
    "secrets": (
        "reconcile.cli.secrets.commands:secrets",
        "First passwords: who has had theirs, deliver, set anew, purge. None is ever shown.",
    ),
    "sandbox": (
        "reconcile.cli.sandbox.commands:sandbox",
        "The outside world on this machine: tenant, DNS, old and new mail hosts.",
    ),
}
