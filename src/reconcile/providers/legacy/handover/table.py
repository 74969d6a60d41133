"""A Postfix lookup table's source (postmap(5)): its rows by key, taken out and put back byte for byte. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconcile.providers.legacy.handover.dump import Row


def rows_of(content: str) -> Iterator[tuple[str, int, str]]:
    """Each row's key in lower case, how many lines stand before it, and its text with the lines that continue it."""
    begun: tuple[str, int, str] | None = None
    for number, line in enumerate(content.splitlines(keepends=True)):
        blank = not line.strip() or line.lstrip().startswith("#")
        if line[:1].isspace() and not blank and begun:
            begun = (begun[0], begun[1], begun[2] + line)
            continue
        if begun and not blank:
            yield begun
            begun = None
        if not blank:
            begun = (line.split(None, 1)[0].lower(), number, line)
    if begun:
        yield begun


def of_domains(content: str, domains: Collection[str]) -> list[tuple[str, int, str]]:
    """The rows of these domains: theirs, their catch-alls', and their addresses'."""
    return [row for row in rows_of(content) if row[0].rpartition("@")[2] in domains]


def without(content: str, taken: Collection[str]) -> str:
    """The content without the rows that have these texts."""
    lines = content.splitlines(keepends=True)
    gone: set[int] = set()
    for _, number, text in rows_of(content):
        if text in taken:
            gone |= set(range(number, number + len(text.splitlines())))
    return "".join(line for number, line in enumerate(lines) if number not in gone)


def with_again(content: str, rows: Sequence[Row]) -> str:
    """The content with these rows where they stood; one that is there already stays where it is."""
    there = {text for _, _, text in rows_of(content)}
    lines = content.splitlines(keepends=True)
    for row in sorted(rows, key=lambda row: row.line):
        if row.text not in there:
            place = min(row.line, len(lines))
            if place == len(lines) and lines and not lines[-1].endswith("\n"):
                lines[-1] += "\n"
            lines[place:place] = row.text.splitlines(keepends=True)
    return "".join(lines)
