"""The pipeline of GitLab CI (docs.gitlab.com, "CI/CD YAML syntax"), and the schedules its file cannot hold."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from reconcile.documents.pipelines.network import Network
from reconcile.documents.pipelines.template import filled

FILE = ".gitlab-ci.yml"
_IDENTITY = "id_tokens:\n  RECONCILE_ID_TOKEN:\n    aud: api://AzureADTokenExchange"


def pipeline(network: Network) -> Mapping[str, str]:
    """The text of the file, by its path in the repository."""
    values = {
        "timezone": network.timezone,
        "identity": _IDENTITY if network.lent else "",
        "reading_environment": "environment:\n  name: reading\n  action: access" if network.environments else "",
        "writing_environment": "environment: production" if network.environments else "",
    }
    return {FILE: filled("gitlab-ci.yml", **values)}


def calls(network: Network) -> list[str]:
    """The calls of GitLab's API that make the schedules, and have the jobs of a group run in their order.

    A schedule's time zone may get lost when its form is edited by hand (gitlab-org/gitlab#345925), so it is made here.
    """
    daily = [("17 6 * * *", "apply"), ("47 4 * * *", "drift")]
    eves = [(f"{start.minute} {start.hour} {start.day} {start.month} *", "day") for start in network.starts]
    return [
        *(_schedule(cron, task, network) for cron, task in daily + eves),
        *(
            _call("PUT", f"resource_groups/{group}", {"process_mode": "oldest_first"})
            for group in ("reconcile-apply", "reconcile-day")
        ),
    ]


def _schedule(cron: str, task: str, network: Network) -> str:
    made = _call(
        "POST",
        "pipeline_schedules",
        {"description": f"reconcile {task}", "ref": network.branch, "cron": cron, "cron_timezone": network.timezone},
    )
    variable = _call("POST", 'pipeline_schedules/"$schedule"/variables', {"key": "RECONCILE_TASK", "value": task})
    return f"schedule=$({made} | jq .id) && {variable}"


def _call(method: str, path: str, form: Mapping[str, str]) -> str:
    told = " ".join(f"--form {shlex.quote(f'{key}={value}')}" for key, value in form.items())
    project = '"$CI_API_V4_URL/projects/$CI_PROJECT_ID"'
    return f'curl --fail --silent --request {method} --header "PRIVATE-TOKEN: $TOKEN" {told} {project}/{path}'
