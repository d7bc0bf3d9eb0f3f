"""What is wrong with the conditions of rules."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.model.condition import Condition, Where
from notion_pm.model.property_types import COMPUTED_TYPES, DATE_TYPES, OPTION_TYPES, TEXT_TYPES
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.paths import BadPath, require_property
from notion_pm.text import suggest

Place = tuple[str | int, ...]
Problem = tuple[Place, str]

_UNREAD = COMPUTED_TYPES | {"button", "verification", "files"}
"""Rules do not read what Notion computes: beyond 25 references it may be wrong (notion-api.md 4.2)."""
_CATEGORIES = ("todo", "doing", "done", "dropped")


def condition_problems(
    schema: TemplateSchema, place: Place, database: str, where: Where, *, own: bool = False
) -> Iterator[Problem]:
    """Yield the problems of a `where`; `own` when it is about the page itself, which alone may have `entered`."""
    for key, condition in where.items():
        try:
            kind = require_property(schema, database, key)
        except BadPath as error:
            yield (*place, key), str(error)
            continue
        for message in _problems(schema, database, key, kind, condition, own=own):
            yield (*place, key), message


def _problems(
    schema: TemplateSchema, database: str, key: str, kind: str, condition: Condition, *, own: bool
) -> Iterator[str]:
    name = f"{database}.{key}"
    if kind in _UNREAD:
        yield f"Rules cannot read {name}: it is of type {kind}."
        return
    if condition.entered is not None and not own:
        yield "`entered` is known of the page itself only: it belongs into `when`."
    if condition.category is not None:
        yield from _category_problems(name, kind, condition.category)
    yield from _option_problems(schema, database, key, kind, condition)
    yield from _comparison_problems(schema, database, key, kind, condition)


def _category_problems(name: str, kind: str, categories: tuple[str, ...]) -> Iterator[str]:
    if kind != "status":
        yield f"Only a status has categories; {name} is of type {kind}."
    for each in categories:
        if each not in _CATEGORIES:
            yield f"{each!r} is no category. {suggest(each, _CATEGORIES)}"


def _option_problems(
    schema: TemplateSchema, database: str, key: str, kind: str, condition: Condition
) -> Iterator[str]:
    if kind == "relation" and (condition.is_ or condition.not_ or condition.entered):
        yield f"{database}.{key} is a relation: it can only be asked whether it is empty."
    if kind not in OPTION_TYPES:
        return
    options = [each.key for each in schema.options(database, key)]
    for named in (*(condition.is_ or ()), *(condition.not_ or ()), *(condition.entered or ())):
        if named not in options:
            yield f"{database}.{key} has no option {named!r}. {suggest(str(named), options)}".strip()


def _comparison_problems(
    schema: TemplateSchema, database: str, key: str, kind: str, condition: Condition
) -> Iterator[str]:
    name = f"{database}.{key}"
    bounds = (condition.at_least, condition.at_most, condition.more_than, condition.less_than)
    weighs = any(each.weight is not None for each in schema.options(database, key))
    if any(bound is not None for bound in bounds) and kind != "number" and not weighs:
        yield f"{name} cannot be compared with a number: it is of type {kind}."
    if (condition.before or condition.after) and kind not in DATE_TYPES:
        yield f"{name} cannot be compared with a date: it is of type {kind}."
    if condition.contains is not None and kind not in TEXT_TYPES:
        yield f"{name} cannot be searched for a text: it is of type {kind}."
