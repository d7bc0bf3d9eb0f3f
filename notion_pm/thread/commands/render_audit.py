"""An audit, as people read it: what is broken, where, and what to do; in a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.text import UNTITLED, markdown_text, one_line, quantity
from notion_pm.thread.audit import Check, Finding
from notion_pm.thread.audit_checks import SIGNAL
from notion_pm.thread.run_audit import Audited

_SHOWN = 10
"""Findings of one kind that are shown before the rest is only counted; --all shows every one."""


def text(audited: Audited, *, everything: bool) -> Iterator[str]:
    """Yield the lines of an audit for a terminal."""
    for check in audited.audit.checks:
        if findings := audited.audit.of(check):
            yield f"{check.title}: {len(findings)}"
            yield f"  {check.advice}"
            yield from _listed(findings, everything=everything)
            yield ""
    yield from _ending(audited)


def markdown(audited: Audited) -> Iterator[str]:
    """Yield the lines of an audit as Markdown, complete."""
    yield "# Audit"
    yield ""
    yield f"**{_share(audited)}** {SIGNAL}"
    for check in audited.audit.checks:
        if findings := audited.audit.of(check):
            yield from ("", f"## {check.title} ({len(findings)})", "", check.advice, "")
            yield from (
                f"- [{markdown_text(_title(each))}]({each.page.url}){_detail(markdown_text(each.detail))}"
                for each in findings
            )
    if clean := _clean(audited):
        yield from ("", f"Nothing to say about: {clean}.")


def _listed(findings: tuple[Finding, ...], *, everything: bool) -> Iterator[str]:
    shown = findings if everything else findings[:_SHOWN]
    for each in shown:
        yield f"  - {_title(each)}{_detail(one_line(each.detail))}"
        yield f"    {each.page.url}"
    if len(shown) < len(findings):
        yield f"  ... and {len(findings) - len(shown)} more; --all shows all."


def _ending(audited: Audited) -> Iterator[str]:
    if clean := _clean(audited):
        yield f"Nothing to say about: {clean}."
    if audited.audit.left_out:
        yield f"Not in this template: {', '.join(each.name for each in audited.audit.left_out)}."
    yield _share(audited)
    yield SIGNAL
    yield f"{quantity(len(audited.audit.findings), 'finding')}. {quantity(audited.requests, 'request')}."


def _clean(audited: Audited) -> str:
    return ", ".join(_lowered(each) for each in audited.audit.checks if not audited.audit.of(each))


def _lowered(check: Check) -> str:
    return check.title[0].lower() + check.title[1:]


def _share(audited: Audited) -> str:
    found = audited.audit
    if found.share is None:
        return "No feature is live."
    noise = found.live - found.signal
    return f"{found.share:.0%} signal: {found.signal} of {quantity(found.live, 'live feature')}, {noise} noise."


def _title(finding: Finding) -> str:
    return one_line(finding.page.title) or UNTITLED


def _detail(detail: str) -> str:
    return f" ({detail})" if detail else ""
