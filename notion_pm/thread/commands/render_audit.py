"""An audit as text for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notion_pm.text import UNTITLED, markdown_text, one_line, quantity
from notion_pm.thread.audit import Audit, Finding
from notion_pm.thread.run_audit import AuditResult
from notion_pm.thread.signal import SIGNAL_DEFINITION

_SHOWN_PER_CHECK = 10
"""Findings of a check that are shown without --all; the rest is counted."""


def text_lines(result: AuditResult, *, show_all: bool) -> Iterator[str]:
    """Yield the lines of an audit for a terminal."""
    audit = result.audit
    for check in audit.checks:
        findings = audit.of(check)
        if findings:
            yield f"{check.title}: {len(findings)}"
            yield f"  {check.advice}"
            yield from _finding_lines(findings, show_all=show_all)
            yield ""
    clean = _clean_checks(audit)
    if clean:
        yield f"No findings: {clean}."
    if audit.left_out:
        yield f"Not in this template: {', '.join(check.name for check in audit.left_out)}."
    yield _signal_share(audit)
    yield SIGNAL_DEFINITION
    yield f"{quantity(len(audit.findings), 'finding')}. {quantity(result.requests, 'request')}."


def _finding_lines(findings: Sequence[Finding], *, show_all: bool) -> Iterator[str]:
    shown = findings if show_all else findings[:_SHOWN_PER_CHECK]
    for finding in shown:
        yield f"  - {_title(finding)}{_in_brackets(one_line(finding.detail))}"
        yield f"    {finding.page.url}"
    hidden = len(findings) - len(shown)
    if hidden:
        yield f"  ... and {hidden} more; --all shows all."


def markdown_lines(result: AuditResult) -> Iterator[str]:
    """Yield the lines of an audit as Markdown, with every finding."""
    audit = result.audit
    yield "# Audit"
    yield ""
    yield f"**{_signal_share(audit)}** {SIGNAL_DEFINITION}"
    for check in audit.checks:
        findings = audit.of(check)
        if findings:
            yield from ("", f"## {check.title} ({len(findings)})", "", check.advice, "")
            for finding in findings:
                title = markdown_text(_title(finding))
                detail = _in_brackets(markdown_text(finding.detail))
                yield f"- [{title}]({finding.page.url}){detail}"
    clean = _clean_checks(audit)
    if clean:
        yield from ("", f"No findings: {clean}.")


def _clean_checks(audit: Audit) -> str:
    titles = [check.title for check in audit.checks if not audit.of(check)]
    return ", ".join(title[0].lower() + title[1:] for title in titles)


def _signal_share(audit: Audit) -> str:
    if audit.share is None:
        return "No live features."
    noise = audit.live - audit.signal
    features = quantity(audit.live, "live feature")
    return f"{audit.share:.0%} signal: {audit.signal} of {features}, {noise} noise."


def _title(finding: Finding) -> str:
    return one_line(finding.page.title) or UNTITLED


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""
