"""Page templates of data sources: made outside the API, listed by it, and applied to pages a moment after a request.

A template is a name and Markdown, not a page of its own: it is no row, and neither queries nor search nor counts know
it. In the text, `@today` and `@now` stand for the time at which it is applied, in the zone that the request names
(developers.notion.com/guides/data-apis/creating-pages-from-templates, and the official types).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from notion_pm.emulator.blocks.parents import ROW
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.http.lists import page_of
from notion_pm.emulator.pages import page_markdown, pages
from notion_pm.emulator.store.clock import to_stored
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.records import PAGES, Page
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store, Table

Json = dict[str, Any]

_KINDS = ("none", "default", "template_id")
_CONTENT = ("children", "content", "markdown")
_VARIABLE = re.compile(r"(?<![\w@])@(today|now)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTemplate:
    """What a new page of a data source can begin with."""

    id: str
    data_source_id: str
    name: str
    markdown: str
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledTemplate:
    """A template that a page is still to get, and who asked for it."""

    id: str
    page_id: str
    template_id: str
    timezone: str
    author: str
    due: str


TEMPLATES = Table("page_templates", PageTemplate, json_columns=(), flags=("is_default",))
SCHEDULED = Table("awaited_templates", ScheduledTemplate, json_columns=(), flags=())


def add(
    session: Session, data_source_id: str, name: str, markdown: str, *, is_default: bool
) -> str:
    """Give a data source a template, perhaps in the place of its default, and return its id. Raises 404."""
    source = session.data_source(data_source_id)
    if is_default:
        session.db.execute(
            "UPDATE page_templates SET is_default = 0 WHERE data_source_id = ?", (source.id,)
        )
    made = PageTemplate(
        id=new_id(), data_source_id=source.id, name=name, markdown=markdown, is_default=is_default
    )
    TEMPLATES.insert(session.db, made)
    return made.id


def list_templates(
    session: Session, data_source_id: str, name: str | None, start_cursor: Any, page_size: Any
) -> Json:
    """Return a page of a data source's templates: the one list without `object` (recorded).

    `name` keeps those whose name contains it, in whatever case.
    """
    source = session.data_source(data_source_id)
    found = TEMPLATES.select(session.db, "WHERE data_source_id = ? ORDER BY seq", (source.id,))
    wanted = [each for each in found if (name or "").casefold() in each.name.casefold()]
    items = [{"id": each.id, "name": each.name, "is_default": each.is_default} for each in wanted]
    page = page_of(items, start_cursor, page_size)
    return {
        "templates": page.results,
        "has_more": page.next_cursor is not None,
        "next_cursor": page.next_cursor,
    }


def refuse_content_beside(body: Mapping[str, Any]) -> None:
    """Refuse a new page's own content where a template is to give it (notion-api.md 2.3)."""
    if body.get("template") is None or _kind(body["template"], _KINDS) == "none":
        return
    for way in _CONTENT:
        if body.get(way) is not None:
            raise body_error(f"body.{way}", "not present", body[way])


def schedule(session: Session, page_id: str, sent: Any, *, is_new: bool) -> None:
    """Have the template that a request names applied later. Raises 400 or 404 where there is none such."""
    kind = _kind(sent, _KINDS if is_new else _KINDS[1:])
    checks.check_keys(sent, _keys(kind), "body.template")
    if kind == "none":
        return
    awaited = ScheduledTemplate(
        id=new_id(),
        page_id=page_id,
        template_id=_find_template(session, session.page(page_id), kind, sent).id,
        timezone=_timezone(sent.get("timezone")),
        author=session.settings.bot_id,
        due=to_stored(session.moment + session.settings.template_delay),
    )
    SCHEDULED.insert(session.db, awaited)


def apply_due_templates(store: Store, settings: Settings, moment: datetime) -> None:
    """Apply the templates that are due, each as who asked for it: called before anybody looks at a page."""
    with store.transaction(write=False) as db:
        waiting = db.execute(
            "SELECT 1 FROM awaited_templates WHERE due <= ? LIMIT 1", (to_stored(moment),)
        ).fetchone()
    if waiting:
        with store.transaction(write=True) as db:
            _settle(Session(db, moment, NEW_VERSION, settings))


def _settle(session: Session) -> None:
    for awaited in SCHEDULED.select(session.db, "WHERE due <= ? ORDER BY due, seq", (session.now,)):
        SCHEDULED.delete(session.db, awaited.id)
        page = PAGES.find(session.db, awaited.page_id)
        template = TEMPLATES.find(session.db, awaited.template_id)
        if page and template and not page.in_trash:
            acting = replace(session, settings=replace(session.settings, bot_id=awaited.author))
            _apply(acting, page, template, awaited.timezone)


def _apply(session: Session, page: Page, template: PageTemplate, timezone: str) -> None:
    """Merge a template into a page: its text comes after what is there, its name where there is no title."""
    if not page.title:
        pages.update(
            session,
            page.id,
            {"properties": {"title": {"title": [{"text": {"content": template.name}}]}}},
        )
    if template.markdown.strip():
        insertion = {
            "content": _with_times(template.markdown, session.moment.astimezone(ZoneInfo(timezone)))
        }
        page_markdown.update(
            session, page.id, {"type": "insert_content", "insert_content": insertion}
        )


def _with_times(markdown: str, moment: datetime) -> str:
    times = {"today": moment.date().isoformat(), "now": moment.isoformat(timespec="minutes")}
    return _VARIABLE.sub(lambda variable: f'<mention-date start="{times[variable[1]]}"/>', markdown)


def _kind(sent: Any, kinds: tuple[str, ...]) -> str:
    return checks.one_of(
        checks.an_object(sent, "body.template").get("type"), kinds, "body.template.type"
    )


def _keys(kind: str) -> tuple[str, ...]:
    return {"none": ("type",), "default": ("type", "timezone")}.get(
        kind, ("type", "timezone", "template_id")
    )


def _find_template(
    session: Session, page: Page, kind: str, sent: Mapping[str, Any]
) -> PageTemplate:
    if page.parent_type != ROW:
        raise validation_error(
            "Only pages of a data source can have a template: there is no such template here."
        )
    wanted = checks.body_id(sent, "template_id", "body.template") if kind == "template_id" else None
    for template in TEMPLATES.select(session.db, "WHERE data_source_id = ?", (page.parent_id,)):
        if template.id == wanted or (wanted is None and template.is_default):
            return template
    if wanted:
        raise session.not_found("page", wanted)
    raise validation_error("This data source has no default template.")


def _timezone(sent: Any) -> str:
    """Return an IANA zone; UTC for internal connections that name none (the official types)."""
    name = "UTC" if sent is None else checks.a_string(sent, "body.template.timezone")
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise body_error("body.template.timezone", "a valid IANA timezone", sent) from None
