"""Write docs/plan.svg, the README's picture: what a postmaster reads after ``reconcile plan``.

    scripts/picture.py

The plan is the tests' own sample, drawn by the view the command uses; ``make golden`` writes it anew with the other
golden files, and a test says when it is out of date.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "plan.svg"
WIDTH = 96
#: Rich's own frame, with the reader's fonts instead of some fetched from elsewhere.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <title>reconcile plan</title>
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
        font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial; }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">
    {matrix}
    </g>
    </g>
</svg>
"""


def picture() -> str:
    """The picture as SVG: the same for the same plan."""
    from tests.views.sample_plans import EVERYDAY, PARIS

    from reconcile.views.plan.text import plan_text

    console = Console(record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor", width=WIDTH)
    console.print(Text("$ reconcile plan", style="bold"))
    for line in plan_text(EVERYDAY, PARIS):
        console.print(line, highlight=False)
    return console.export_svg(title="reconcile plan", theme=SVG_EXPORT_THEME, code_format=FRAME, unique_id="plan")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PICTURE.write_text(picture(), encoding="utf-8")
