"""Ten times the mailboxes, and Terraform at three times.

Validating and planning, without any service: every resource is to be created, the plan file is written.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench.before import COMMAND, ROOT
from bench.engine.cost import Cost, cost_of
from bench.engine.federations import write_federations
from bench.engine.terraform import terraform_here
from bench.scale.picture import Curve, picture

BOXES = 100
SIZES, THEIR_SIZES = (10_000, 30_000, 100_000), (10_000, 30_000)


SETTINGS = """
[tenant]
id = "-"
initial_domain = "-"
client_id = "-"
copier_principal = "-"
[dns]
host = "127.0.0.1"
key_name = "bench"
[legacy.mutualise]
host = "127.0.0.1"
master_user = "copieur"
[legacy.mutualise.lock]
impossible = "there is no old host here"
"""


def tenfold(drawn: Path | None) -> dict[str, float]:
    """The figures; processor seconds by mailboxes as an SVG in ``drawn``."""
    plans: dict[int, Cost] = {}
    validations: dict[int, Cost] = {}
    theirs: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as name:
        for size in SIZES:
            project = Path(name) / str(size)
            write_federations(project / "federations", size // BOXES, BOXES)
            (project / "reconcile.toml").write_text(SETTINGS, encoding="utf-8")
            validations[size] = _cost([*COMMAND, "validate"], project)
            plans[size] = _cost([sys.executable, "-m", "bench.engine.alone", "plan", str(project)], project)
        for size in THEIR_SIZES:
            if peer := terraform_here(Path(name) / f"terraform-{size}"):
                peer.prepare(size)
                theirs[size] = _said("terraform plan, nothing to do", size, peer.plan_of_nothing())
    if drawn:
        curves = [
            Curve("terraform plan, nothing to do", "#8250df", _points(theirs)),
            Curve("reconcile plan, all to create", "#0969da", _points(plans)),
            Curve("reconcile validate", "#1a7f37", _points(validations)),
        ]
        drawn.write_text(picture(curves), encoding="utf-8")
    return {
        "plan_100k_cpu_over_10k": plans[100_000].cpu / plans[10_000].cpu,
        "plan_100k_mb": plans[100_000].rss,
        "validate_100k_cpu_over_10k": validations[100_000].cpu / validations[10_000].cpu,
        **{f"plan_cpu_s_{size // 1000}k": cost.cpu for size, cost in plans.items()},
        **{f"validate_cpu_s_{size // 1000}k": cost.cpu for size, cost in validations.items()},
        **{f"terraform_cpu_s_{size // 1000}k": cost.cpu for size, cost in theirs.items()},
        **{f"terraform_mb_{size // 1000}k": cost.rss for size, cost in theirs.items()},
    }


def _cost(words: list[str], project: Path) -> Cost:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    size = len(list((project / "federations").iterdir())) * BOXES
    return _said(" ".join(words[-2:]), size, cost_of(words, project, env)[0])


def _said(what: str, size: int, cost: Cost) -> Cost:
    print(f"{size:,}: {what}: {cost}", file=sys.stderr, flush=True)
    return cost


def _points(costs: dict[int, Cost]) -> list[tuple[float, float]]:
    return [(size / 1000, cost.cpu) for size, cost in sorted(costs.items())]
