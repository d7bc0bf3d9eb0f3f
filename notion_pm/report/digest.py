"""The digest of a week: shipped, changed health, new evidence, who to tell, and what is stuck.

`digest` decides what it contains; `as_markdown`, `as_mail` and `as_slack_blocks` render it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.changes import Change, changelog
from notion_pm.report.html import environment, is_web
from notion_pm.report.page_values import page_ref, weight_of
from notion_pm.report.past import Past
from notion_pm.report.slip import slips
from notion_pm.report.waiting import waiting
from notion_pm.text import markdown_text, quantity
from notion_pm.thread import Thread
from notion_pm.thread.audit import Thresholds

_SHOWN_LINES = 10
"""Lines of a section that are shown; the rest is counted."""

_SLACK_SECTION, _SLACK_HEADER = 3000, 150
"""Characters that Slack accepts in a section and in a header.
Source: https://docs.slack.dev/reference/block-kit/blocks/section-block, .../header-block."""

_BREAKS_MARKDOWN_URL = re.compile(r"[<>\s]")
_BREAKS_SLACK_URL = re.compile(r"[<>|\s]")


@dataclass(frozen=True, slots=True)
class Line:
    """A page and what there is to report. `is_news`: it happened in the period of the digest."""

    title: str
    url: str
    text: str
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the digest; the first lines are shown, the rest is counted."""

    key: str
    title: str
    lines: tuple[Line, ...]

    @property
    def shown(self) -> tuple[Line, ...]:
        """The lines that are shown."""
        return self.lines[:_SHOWN_LINES]

    @property
    def more(self) -> int:
        """The number of lines that are left out."""
        return len(self.lines) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest. Sections without a line are left out."""

    title: str
    since: datetime
    now: datetime
    sections: tuple[Section, ...]

    @property
    def has_news(self) -> bool:
        """Whether anything happened in its period. What waits from before is no news."""
        return any(any(line.is_news for line in section.lines) for section in self.sections)

    @property
    def heading(self) -> str:
        """Its title with the first and the last day."""
        return f"{self.title}: {self.since:%Y-%m-%d} to {self.now:%Y-%m-%d}"

    @property
    def summary(self) -> str:
        """One line: how many lines each section has."""
        counts = [f"{section.title.lower()}: {len(section.lines)}" for section in self.sections]
        return ", ".join(counts)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        sections = {}
        for section in self.sections:
            sections[section.key] = [
                {"title": line.title, "url": line.url, "text": line.text} for line in section.lines
            ]
        return {"since": self.since.isoformat(), "changed": self.has_news, "sections": sections}


def digest(thread: Thread, past: Past, *, title: str, now: datetime) -> Digest:
    """Return what happened in a workspace in a period, and what waits for a person."""
    changes = changelog(thread, past)
    shipped = [
        Line(change.title, change.url, f"on {change.on}") for change in changes.of("shipped")
    ]
    health = [_health_line(change) for change in changes.of("health")]
    sections = (
        Section("shipped", "Shipped", tuple(shipped)),
        Section("health", "Changed health", tuple(health)),
        Section("evidence", "New evidence", tuple(_new_evidence(thread, past.asked_since))),
        Section("tell", "Who to tell", tuple(_people_to_tell(thread))),
        Section("stuck", "Stuck", tuple(_stuck(thread, past, now))),
    )
    with_lines = tuple(section for section in sections if section.lines)
    return Digest(title, past.asked_since, now, with_lines)


def _health_line(change: Change) -> Line:
    text = f"{change.before or 'empty'} → {change.after or 'empty'}"
    return Line(change.title, change.url, text)


def _new_evidence(thread: Thread, since: datetime) -> Iterator[Line]:
    """Yield features with new insights, the most first; then the insights without a feature."""
    insights_by_feature: dict[NotionId, list[SnapshotPage]] = {}
    features: dict[NotionId, SnapshotPage] = {}
    without_feature = []
    for insight in thread.pages("insights"):
        # By creation in Notion, not by the day of the conversation: old feedback that was imported
        # this week is new to the team.
        if thread.created[insight.id] < since:
            continue
        asked_for = thread.parents(insight, "features")
        for feature in asked_for:
            features[feature.id] = feature
            insights_by_feature.setdefault(feature.id, []).append(insight)
        if not asked_for:
            without_feature.append(insight)

    by_count = sorted(insights_by_feature.items(), key=lambda item: -len(item[1]))
    for feature_id, insights in by_count:
        ref = page_ref(thread, features[feature_id])
        yield Line(ref.title, ref.url, _evidence_text(thread, insights))
    if without_feature:
        yield Line("No feature yet", "", _evidence_text(thread, without_feature))


def _evidence_text(thread: Thread, insights: Sequence[SnapshotPage]) -> str:
    weight = weight_of(thread, thread.weigh(tuple(insights)))
    parts = [quantity(weight.insights, "new insight")]
    if weight.customers:
        parts.append(quantity(weight.customers, "customer"))
    if weight.arr:
        parts.append(f"ARR {weight.arr}")
    return ", ".join(parts)


def _people_to_tell(thread: Thread) -> Iterator[Line]:
    """Yield the people whose asks have shipped. The ship itself is the news, in its own section."""
    for person in waiting(thread).to_tell:
        asks = ", ".join(ask.title for ask in person.asks)
        yield Line(person.name or "No name given", "", f"asked for {asks}", is_news=False)


def _stuck(thread: Thread, past: Past, now: datetime) -> Iterator[Line]:
    """Yield what is late, then features in progress whose spec is stale.

    They are news in the first digest after the day on which they became late or stale.
    """
    days_in_period = (now.date() - past.asked_since.date()).days
    for slip in slips(thread, past):
        if slip.overdue:
            text = f"{quantity(slip.overdue, 'day')} late, due {slip.due}"
            is_news = slip.overdue <= days_in_period
            yield Line(slip.page.title, slip.page.url, text, is_news=is_news)

    allowed_days = Thresholds().spec_days
    for feature in thread.pages("features"):
        unedited_days = (thread.today - feature.last_edited.date()).days
        if thread.category(feature) == "doing" and unedited_days > allowed_days:
            ref = page_ref(thread, feature)
            text = f"{ref.status}, not edited for {quantity(unedited_days, 'day')}"
            is_news = unedited_days - allowed_days <= days_in_period
            yield Line(ref.title, ref.url, text, is_news=is_news)


# --- output formats


def as_markdown(digest: Digest) -> str:
    """Return the digest as Markdown."""
    parts = [f"# {markdown_text(digest.heading)}"]
    for section in digest.sections:
        lines = [f"## {section.title}", ""]
        for line in section.shown:
            lines.append(f"- {_markdown_link(line)}: {markdown_text(line.text)}")
        if section.more:
            lines.append(f"- and {section.more:,} more")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def as_mail(digest: Digest) -> str:
    """Return the digest as HTML with inline styles, since mail programs drop style sheets."""
    return environment().get_template("digest.html.jinja").render(digest=digest)


def as_slack_blocks(digest: Digest) -> list[dict[str, Any]]:
    """Return the digest as blocks of Slack's Block Kit, within its limits."""
    heading = {"type": "plain_text", "text": digest.heading[:_SLACK_HEADER]}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": heading}]
    for section in digest.sections:
        lines = [f"*{section.title}*"]
        for line in section.shown:
            lines.append(f"• {_slack_link(line)}: {_slack_text(line.text)}")
        if section.more:
            lines.append(f"and {section.more:,} more")
        text = {"type": "mrkdwn", "text": _join_within(lines, _SLACK_SECTION)}
        blocks.append({"type": "section", "text": text})
    return blocks


def _join_within(lines: Iterable[str], most: int) -> str:
    """Join as many whole lines as fit: half a link would not work."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        # Two characters are kept for the line that says that there is more.
        if len(longer) > most - 2:
            return f"{text}\n…"
        text = longer
    return text


def _markdown_link(line: Line) -> str:
    title = markdown_text(line.title)
    if is_web(line.url) and not _BREAKS_MARKDOWN_URL.search(line.url):
        return f"[{title}](<{line.url}>)"
    return title


def _slack_link(line: Line) -> str:
    # "|" separates address and title of a link, and Slack has no escape for it.
    title = _slack_text(line.title).replace("|", "/")
    if is_web(line.url) and not _BREAKS_SLACK_URL.search(line.url):
        return f"<{line.url}|{title}>"
    return title


def _slack_text(text: str) -> str:
    """Return text on one line, with the three characters escaped that Slack's markup uses."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.split())
