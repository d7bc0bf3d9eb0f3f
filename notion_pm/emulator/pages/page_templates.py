"""Page templates of data sources: add and list them, and apply them some time after a request.

The API lists templates and applies them; people make them in Notion's app. Here a template is a
name and Markdown, not a page: queries, search and counts do not see it. In the text, `@today` and
`@now` are replaced by the time at which it is applied, in the time zone of the request
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
    """The first content of a new page in a data source."""

    id: str
    data_source_id: str
    name: str
    markdown: str
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledTemplate:
    """A template that will be applied to a page, and who asked for it."""

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
    """Add a template to a data source, perhaps as its new default. Return its id. Raises 404."""
    source = session.data_source(data_source_id)
    if is_default:
        session.db.execute(
            "UPDATE page_templates SET is_default = 0 WHERE data_source_id = ?", (source.id,)
        )
    template = PageTemplate(
        id=new_id(), data_source_id=source.id, name=name, markdown=markdown, is_default=is_default
    )
    TEMPLATES.insert(session.db, template)
    return template.id


def list_templates(
    session: Session, data_source_id: str, name: str | None, start_cursor: Any, page_size: Any
) -> Json:
    """Return a page of a data source's templates. Only this list has no `object` (recorded).

    `name` selects the templates with a name that contains it, ignoring case.
    """
    source = session.data_source(data_source_id)
    sought = (name or "").casefold()
    items = []
    for template in TEMPLATES.select(
        session.db, "WHERE data_source_id = ? ORDER BY seq", (source.id,)
    ):
        if sought in template.name.casefold():
            items.append(
                {"id": template.id, "name": template.name, "is_default": template.is_default}
            )
    page = page_of(items, start_cursor, page_size)
    return {
        "templates": page.results,
        "has_more": page.next_cursor is not None,
        "next_cursor": page.next_cursor,
    }


def refuse_content_with_template(body: Mapping[str, Any]) -> None:
    """Refuse a request with both a template and its own content (notion-api.md 2.3)."""
    if body.get("template") is None or _kind(body["template"], _KINDS) == "none":
        return
    for way in _CONTENT:
        if body.get(way) is not None:
            raise body_error(f"body.{way}", "not present", body[way])


def schedule(session: Session, page_id: str, sent: Any, *, is_new: bool) -> None:
    """Schedule the template of a request. Raises 400 or 404 if there is no such template."""
    kind = _kind(sent, _KINDS if is_new else _KINDS[1:])
    checks.check_keys(sent, _keys(kind), "body.template")
    if kind == "none":
        return
    scheduled = ScheduledTemplate(
        id=new_id(),
        page_id=page_id,
        template_id=_find_template(session, session.page(page_id), kind, sent).id,
        timezone=_read_timezone(sent.get("timezone")),
        author=session.settings.bot_id,
        due=to_stored(session.moment + session.settings.template_delay),
    )
    SCHEDULED.insert(session.db, scheduled)


def apply_due_templates(store: Store, settings: Settings, moment: datetime) -> None:
    """Apply the templates that are due. Called at the start of each request.

    The check is a separate read transaction, so that requests do not wait for each other when
    nothing is due.
    """
    with store.transaction(write=False) as db:
        waiting = db.execute(
            "SELECT 1 FROM awaited_templates WHERE due <= ? LIMIT 1", (to_stored(moment),)
        ).fetchone()
    if waiting:
        with store.transaction(write=True) as db:
            _apply_due(Session(db, moment, NEW_VERSION, settings))


def _apply_due(session: Session) -> None:
    for scheduled in SCHEDULED.select(
        session.db, "WHERE due <= ? ORDER BY due, seq", (session.now,)
    ):
        # Deleted first: a template that cannot be applied must not be tried with every request.
        SCHEDULED.delete(session.db, scheduled.id)
        page = PAGES.find(session.db, scheduled.page_id)
        template = TEMPLATES.find(session.db, scheduled.template_id)
        if page and template and not page.in_trash:
            # The edit has the author of the request, although it happens later.
            acting = replace(session, settings=replace(session.settings, bot_id=scheduled.author))
            _apply(acting, page, template, scheduled.timezone)


def _apply(session: Session, page: Page, template: PageTemplate, timezone: str) -> None:
    """Add a template to a page: its text at the end, its name if the page has no title."""
    if not page.title:
        title = [{"text": {"content": template.name}}]
        pages.update(session, page.id, {"properties": {"title": {"title": title}}})
    if template.markdown.strip():
        moment = session.moment.astimezone(ZoneInfo(timezone))
        insertion = {"content": _with_times(template.markdown, moment)}
        page_markdown.update(
            session, page.id, {"type": "insert_content", "insert_content": insertion}
        )


def _with_times(markdown: str, moment: datetime) -> str:
    """Return a template's text with `@today` and `@now` replaced by dates."""
    times = {"today": moment.date().isoformat(), "now": moment.isoformat(timespec="minutes")}
    return _VARIABLE.sub(lambda variable: f'<mention-date start="{times[variable[1]]}"/>', markdown)


def _kind(sent: Any, kinds: tuple[str, ...]) -> str:
    template = checks.an_object(sent, "body.template")
    return checks.one_of(template.get("type"), kinds, "body.template.type")


def _keys(kind: str) -> tuple[str, ...]:
    if kind == "none":
        return ("type",)
    if kind == "default":
        return ("type", "timezone")
    return ("type", "timezone", "template_id")


def _find_template(
    session: Session, page: Page, kind: str, sent: Mapping[str, Any]
) -> PageTemplate:
    if page.parent_type != ROW:
        raise validation_error(
            "Only pages of a data source can have a template: there is no such template here."
        )
    templates = TEMPLATES.select(session.db, "WHERE data_source_id = ?", (page.parent_id,))
    if kind == "template_id":
        template_id = checks.body_id(sent, "template_id", "body.template")
        for template in templates:
            if template.id == template_id:
                return template
        raise session.not_found("page", template_id)
    for template in templates:
        if template.is_default:
            return template
    raise validation_error("This data source has no default template.")


def _read_timezone(sent: Any) -> str:
    """Return an IANA time zone.

    Without one it is UTC for an internal connection (official types).
    """
    name = "UTC" if sent is None else checks.a_string(sent, "body.template.timezone")
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise body_error("body.template.timezone", "a valid IANA timezone", sent) from None
