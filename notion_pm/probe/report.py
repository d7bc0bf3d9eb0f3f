"""Report the findings of a probe: as data, as lines for people, as a file for an issue.

Nothing in it identifies the workspace: no ids, no names, no token, only the probe's own content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from notion_pm import __version__
from notion_pm.files.writing import write_private, write_shared
from notion_pm.notion.connection import NOTION_VERSION
from notion_pm.probe.runner import ProbeResult
from notion_pm.probe.statement import Area, Finding, Statement, Verdict

_LAST_PROBE = "last-probe.json"


@dataclass(frozen=True, slots=True)
class AreaSummary:
    """The findings about one part of notion-pm."""

    area: Area
    entries: tuple[tuple[Statement, Finding], ...]

    @property
    def agreeing(self) -> int:
        """How many statements agree."""
        return sum(finding.verdict is Verdict.AGREES for _, finding in self.entries)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the statements, without optional ones that were left out."""
        # An optional statement that was left out is the user's choice, not a doubt.
        verdicts = {finding.verdict for _, finding in self.entries if not finding.is_optional}
        # One difference outweighs any number of statements that agree: the area is unsafe then.
        if Verdict.DIFFERS in verdicts:
            return Verdict.DIFFERS
        return Verdict.CANNOT_TELL if Verdict.CANNOT_TELL in verdicts else Verdict.AGREES

    @property
    def conclusion(self) -> str:
        """What the user may do."""
        if self.verdict is Verdict.DIFFERS:
            return self.area.consequence
        # A left-out optional statement raises no doubt, but it was not checked either, so "fine"
        # needs every statement to agree.
        if self.agreeing == len(self.entries):
            return "fine"
        if self.agreeing:
            return "nothing differs, but not all of it was checked"
        return "not checked"


def summarise(result: ProbeResult) -> list[AreaSummary]:
    """Group the findings by the part of notion-pm that relies on them."""
    summaries = []
    for area in Area:
        entries = tuple(
            (statement, result.findings[statement.id])
            for statement in result.statements
            if statement.area is area
        )
        if entries:
            summaries.append(AreaSummary(area, entries))
    return summaries


def report_data(result: ProbeResult, *, server: str, day: date) -> dict[str, Any]:
    """Return the report. `server`: what kind of server answered."""
    return {
        "report": "notion-pm doctor --probe",
        "notion_pm": __version__,
        "notion_version": NOTION_VERSION,
        "server": server,
        "date": day.isoformat(),
        "requests": result.requests,
        "counts": {str(verdict): result.count(verdict) for verdict in Verdict},
        "areas": {summary.area.title: summary.conclusion for summary in summarise(result)},
        "statements": [
            _statement_data(statement, result.findings[statement.id])
            for statement in result.statements
        ],
    }


def _statement_data(statement: Statement, finding: Finding) -> dict[str, Any]:
    data = {
        "id": statement.id,
        "statement": statement.sentence,
        "area": statement.area.title,
        "source": str(statement.source),
        "verdict": str(finding.verdict),
    }
    # Where Notion agrees, both are equal, and the sentence says what they are.
    if finding.verdict is Verdict.DIFFERS:
        data |= {"expected": finding.expected, "seen": finding.seen}
    if finding.reason:
        data["reason"] = finding.reason
    return data


def write_report(path: Path, data: dict[str, Any]) -> None:
    """Write a report: as Markdown if the name ends in .md, as JSON otherwise.

    Raises FileUnusable.
    """
    if path.suffix.lower() == ".md":
        write_shared(path, "\n".join(_markdown_lines(data)) + "\n")
    else:
        write_shared(path, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def write_last_probe(folder: Path, data: dict[str, Any]) -> None:
    """Remember when a workspace was probed, and with what result. Raises FileUnusable."""
    # Only what `last_probe` shows; the statements are in the report.
    kept = {key: data[key] for key in ("date", "notion_pm", "counts")}
    write_private(folder / _LAST_PROBE, json.dumps(kept))


def last_probe(folder: Path) -> str | None:
    """Return in words when a workspace was probed, None if never."""
    try:
        data = json.loads((folder / _LAST_PROBE).read_text(encoding="utf-8"))
        counts = ", ".join(f"{count} {verdict}" for verdict, count in data["counts"].items())
        return f"{data['date']}, with notion-pm {data['notion_pm']}: {counts}"
    # A damaged file, or one of another version, must not make `doctor` fail.
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _markdown_lines(data: dict[str, Any]) -> Iterator[str]:
    yield "# notion-pm doctor --probe"
    yield ""
    versions = f"notion-pm {data['notion_pm']}, Notion-Version {data['notion_version']}"
    yield f"{versions}, {data['server']}, {data['date']}, "
    yield f"{data['requests']} requests: " + ", ".join(
        f"{count} {verdict}" for verdict, count in data["counts"].items()
    )
    yield ""
    yield "| part of notion-pm | conclusion |"
    yield "|---|---|"
    for title, conclusion in data["areas"].items():
        yield f"| {title} | {conclusion} |"
    yield ""
    yield "| statement | source | verdict | details |"
    yield "|---|---|---|---|"
    for entry in data["statements"]:
        details = entry.get("reason", "")
        if "seen" in entry:
            details = f"expected `{_cell(entry['expected'])}`, seen `{_cell(entry['seen'])}`"
        sentence = f"{_escape_pipes(entry['statement'])} ({entry['id']})"
        yield f"| {sentence} | {entry['source']} | {entry['verdict']} | {details} |"


def _cell(value: Any) -> str:
    # As JSON, so that null and the text "None" look different.
    return _escape_pipes(json.dumps(value, ensure_ascii=False))


def _escape_pipes(text: str) -> str:
    # A bare pipe would end the cell of the table.
    return text.replace("|", "\\|")


def summary_lines(result: ProbeResult) -> Iterator[str]:
    """Yield lines for people: one for each part of notion-pm, and the details of differences."""
    for summary in summarise(result):
        counts = f"{summary.agreeing} of {len(summary.entries)} agree"
        yield f"{summary.area.title}: {summary.conclusion} ({counts})"
        for statement, finding in summary.entries:
            if finding.verdict is Verdict.DIFFERS:
                yield f"  differs: {statement.sentence} ({statement.id}, {statement.source})"
                yield f"    expected {json.dumps(finding.expected, ensure_ascii=False)}"
                yield f"    seen     {json.dumps(finding.seen, ensure_ascii=False)}"
            elif finding.verdict is Verdict.CANNOT_TELL:
                yield f"  cannot tell: {statement.sentence} ({statement.id})"
                yield f"    {finding.reason}"
