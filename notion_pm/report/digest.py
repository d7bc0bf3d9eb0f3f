"""The digest of a week: what shipped, what moved, what customers said, whom to tell, and what is stuck.

`digest` decides what it says; `as_markdown`, `as_mail` and `as_slack_blocks` write it.
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
from notion_pm.report.page_values import told, weight_of
from notion_pm.report.past import Past
from notion_pm.report.slip import slips
from notion_pm.report.waiting import waiting
from notion_pm.text import quantity
from notion_pm.thread import Thread
from notion_pm.thread.audit import Thresholds

_SHOWN = 10
"""Lines of a section; the rest is counted."""

_SLACK_SECTION, _SLACK_HEADER = 3000, 150
"""Characters that Slack takes in a section and in a header.
Source: https://docs.slack.dev/reference/block-kit/blocks/section-block, .../header-block."""

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")


@dataclass(frozen=True, slots=True)
class Line:
    """A page with what is to say about it. `is_news`: it came about in the time of the digest."""

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
        """Return the lines that the digest shows."""
        return self.lines[:_SHOWN]

    @property
    def more(self) -> int:
        """Return how many lines are left out."""
        return len(self.lines) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest says. Sections without a line are left out."""

    title: str
    since: datetime
    now: datetime
    sections: tuple[Section, ...]

    @property
    def has_news(self) -> bool:
        """Whether anything happened in its time. What waits from before is no news."""
        return any(line.is_news for section in self.sections for line in section.lines)

    @property
    def heading(self) -> str:
        """Return its title with the days that it is about."""
        return f"{self.title}: {self.since:%Y-%m-%d} to {self.now:%Y-%m-%d}"

    @property
    def summary(self) -> str:
        """Return it in one line: how many lines each section has."""
        return ", ".join(
            f"{section.title.lower()}: {len(section.lines)}" for section in self.sections
        )

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        sections = {
            section.key: [
                {"title": line.title, "url": line.url, "text": line.text} for line in section.lines
            ]
            for section in self.sections
        }
        return {"since": self.since.isoformat(), "changed": self.has_news, "sections": sections}


def digest(thread: Thread, past: Past, *, title: str, now: datetime) -> Digest:
    """Return what happened on a workspace since `past.asked`, and what waits for somebody."""
    changed = changelog(thread, past)
    sections = (
        Section("shipped", "Shipped", tuple(_change_line(each) for each in changed.of("shipped"))),
        Section(
            "health", "Changed health", tuple(_change_line(each) for each in changed.of("health"))
        ),
        Section("evidence", "New evidence", tuple(_new_evidence(thread, past.asked))),
        Section("tell", "Who to tell", tuple(_people_to_tell(thread))),
        Section("stuck", "Stuck", tuple(_stuck(thread, past, now))),
    )
    return Digest(title, past.asked, now, tuple(section for section in sections if section.lines))


def _change_line(change: Change) -> Line:
    before = change.before or "empty"
    text = (
        f"on {change.on}" if change.kind == "shipped" else f"{before} → {change.after or 'empty'}"
    )
    return Line(change.title, change.url, text)


def _new_evidence(thread: Thread, since: datetime) -> Iterator[Line]:
    """Yield features with the insights that are new, the most first; then the insights of no feature."""
    new = [each for each in thread.pages("insights") if thread.created[each.id] >= since]
    by_feature: dict[NotionId, list[SnapshotPage]] = {}
    features: dict[NotionId, SnapshotPage] = {}
    loose = []
    for insight in new:
        above = [each for each in thread.above(insight) if isinstance(each, SnapshotPage)]
        served = [each for each in above if thread.role(each) == "features"]
        for feature in served:
            features[feature.id] = feature
            by_feature.setdefault(feature.id, []).append(insight)
        if not served:
            loose.append(insight)
    for key in sorted(by_feature, key=lambda each: -len(by_feature[each])):
        name = told(thread, features[key])
        yield Line(name.title, name.url, _evidence_in_words(thread, by_feature[key]))
    if loose:
        yield Line("No feature yet", "", _evidence_in_words(thread, loose))


def _evidence_in_words(thread: Thread, insights: Sequence[SnapshotPage]) -> str:
    found = weight_of(thread, thread.weigh(tuple(insights)))
    words = [quantity(found.insights, "new insight")]
    if found.customers:
        words.append(quantity(found.customers, "customer"))
    if found.arr:
        words.append(f"ARR {found.arr}")
    return ", ".join(words)


def _people_to_tell(thread: Thread) -> Iterator[Line]:
    """Yield those whose requests have shipped. The ship is the news, and is in its own section."""
    for person in waiting(thread).to_tell:
        asks = ", ".join(ask.title for ask in person.asks)
        yield Line(person.name or "Nobody is named", "", f"asked for {asks}", is_news=False)


def _stuck(thread: Thread, past: Past, now: datetime) -> Iterator[Line]:
    """Yield what is late, then features in work whose page nobody edits."""
    days = (now.date() - past.asked.date()).days
    for slip in slips(thread, past):
        if slip.overdue:
            text = f"{quantity(slip.overdue, 'day')} late, due {slip.due}"
            yield Line(slip.page.title, slip.page.url, text, is_news=slip.overdue <= days)
    most = Thresholds().spec_days
    for feature in thread.pages("features"):
        silent = (thread.today - feature.last_edited.date()).days
        if thread.category(feature) == "doing" and silent > most:
            name = told(thread, feature)
            text = f"{name.status}, not edited for {quantity(silent, 'day')}"
            yield Line(name.title, name.url, text, is_news=silent - most <= days)


# --- forms


def as_markdown(digest: Digest) -> str:
    """Return the digest as Markdown."""
    parts = [f"# {_markdown(digest.heading)}"]
    for section in digest.sections:
        lines = [f"- {_markdown_link(line)}: {_markdown(line.text)}" for line in section.shown]
        parts.append("\n".join([f"## {section.title}", "", *lines, *_more(section, "- ")]))
    return "\n\n".join(parts) + "\n"


def as_mail(digest: Digest) -> str:
    """Return the digest as HTML for a mail: styles inline, for mail programs drop style sheets."""
    return environment().get_template("digest.html.jinja").render(digest=digest)


def as_slack_blocks(digest: Digest) -> list[dict[str, Any]]:
    """Return the digest as blocks of Slack's Block Kit, within its limits."""
    heading = {"type": "plain_text", "text": digest.heading[:_SLACK_HEADER]}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": heading}]
    for section in digest.sections:
        lines = [f"• {_slack_link(line)}: {_slack(line.text)}" for line in section.shown]
        text = _within([f"*{section.title}*", *lines, *_more(section, "")], _SLACK_SECTION)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    return blocks


def _more(section: Section, bullet: str) -> list[str]:
    return [f"{bullet}and {section.more:,} more"] if section.more else []


def _within(lines: Iterable[str], most: int) -> str:
    """Return as many whole lines as fit: half a link would be broken."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if len(longer) > most - 2:
            return f"{text}\n…"
        text = longer
    return text


def _markdown_link(line: Line) -> str:
    title = _markdown(line.title)
    return (
        f"[{title}](<{line.url}>)"
        if is_web(line.url) and not re.search(r"[<>\s]", line.url)
        else title
    )


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _slack_link(line: Line) -> str:
    title = _slack(line.title).replace("|", "/")
    return (
        f"<{line.url}|{title}>"
        if is_web(line.url) and not re.search(r"[<>|\s]", line.url)
        else title
    )


def _slack(text: str) -> str:
    """Escape the three characters that Slack's markup needs escaped, and keep to one line."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.split())
