"""Changes -> the operations that carry them out, each after what it needs.

Order: the manifest is marked; databases are created, those first that relations lead to; properties that need ids of
others follow level by level; then views; the manifest records the structure; then rows; last the manifest's end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notion_pm.model.existing import Existing
from notion_pm.model.property_lookup import own_property, property_title
from notion_pm.model.template import FormulaProperty, LoadedTemplate, RelationProperty
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.operation import Operation, OperationKind, operation_names
from notion_pm.provision.plan.options.replacement_order import replacement_operations
from notion_pm.provision.plan.order.starter_rows import RowName, StarterRows
from notion_pm.provision.plan.order.views import view_operations
from notion_pm.provision.plan.property_names import change_that_frees, holder_of_name
from notion_pm.template.topological_order import (
    property_levels,
    referenced_titles,
    topological_order,
)


def operations(
    desired: LoadedTemplate, existing: Existing, changes: Sequence[Change]
) -> tuple[Operation, ...]:
    """Return the requests that make the changes, in an order in which they could be sent one by one."""
    return _Ordering(desired, existing, changes).operations() if changes else ()


class _Ordering:
    """Gathers the operations of one plan."""

    def __init__(
        self, desired: LoadedTemplate, existing: Existing, changes: Sequence[Change]
    ) -> None:
        self._template = desired.template
        self._existing = existing
        self._changes = [each for each in changes if each.change_class != "blocked"]
        self._new = {
            each.database
            for each in self._changes
            if each.kind == "database" and each.action == "create"
        }
        self._starter = StarterRows(desired)
        self._found: list[Operation] = []

    def operations(self) -> tuple[Operation, ...]:
        begin = self._begin()
        structure = [*self._databases(begin), *self._properties(begin)]
        views = view_operations(
            self._template, self._existing, self._changes, self._new, self._found
        )
        self._found += views
        structure += views
        structure += self._swaps(operation_names(structure) | begin)
        rows = [each for each in self._changes if each.kind == "row"]
        if structure and rows:
            self._add(Operation(OperationKind.RECORD_STRUCTURE, needs=operation_names(structure)))
        self._rows(rows)
        told = self._add(Operation(OperationKind.WRITE_SUMMARY, needs=operation_names(self._found)))
        self._add(Operation(OperationKind.RECORD_END, needs=operation_names([told])))
        return tuple(self._found)

    def _swaps(self, needs: frozenset[str]) -> list[Operation]:
        """Last of the structure: as long as the old option is there, an interrupted apply finds all of it undone."""
        return [self._add(each) for each in replacement_operations(self._changes, needs)]

    def _add(self, operation: Operation) -> Operation:
        self._found.append(operation)
        return operation

    def _begin(self) -> frozenset[str]:
        """Mark the start. An interrupted apply is marked already, and its first start stays."""
        if self._existing.manifest is None:
            opened = self._add(Operation(OperationKind.OPEN_MANIFEST))
            checked = self._add(
                Operation(OperationKind.CHECK_FIRST_PAGE, needs=operation_names([opened]))
            )
            return operation_names(
                [
                    self._add(
                        Operation(OperationKind.READ_MANIFEST, needs=operation_names([checked]))
                    )
                ]
            )
        if self._existing.interrupted:
            return frozenset()
        return operation_names([self._add(Operation(OperationKind.MARK_MANIFEST))])

    def _databases(self, begin: frozenset[str]) -> list[Operation]:
        targets = {key: self._relation_targets(key) for key in self._template.databases}
        made: list[Operation] = []
        for key in topological_order(targets).order:
            if key in self._new:
                earlier = [each for each in made if each.database in targets[key]]
                made.append(
                    self._add(
                        Operation(
                            OperationKind.CREATE_DATABASE,
                            key,
                            needs=begin | operation_names(earlier),
                        )
                    )
                )
        for change in self._changes:
            if change.kind == "database" and change.action == "update":
                operation = Operation(
                    OperationKind.UPDATE_DATABASE, change.database, changes=(change,), needs=begin
                )
                made.append(self._add(operation))
        return made

    def _relation_targets(self, database: str) -> set[str]:
        properties = self._template.databases[database].properties.values()
        return {each.to for each in properties if isinstance(each, RelationProperty)} - {database}

    def _properties(self, begin: frozenset[str]) -> list[Operation]:
        work = self._property_work()
        created = operation_names(
            each for each in self._found if each.kind is OperationKind.CREATE_DATABASE
        )
        settled: list[Operation] = []
        below: list[Operation] = []
        for level in sorted({level for _, level in work}):
            here: list[Operation] = []
            for database in self._near_before_far(level):
                if (database, level) in work:
                    # One after the other: an answer may tell what Notion called a mirror on the next database.
                    needs = begin | created | operation_names(below) | operation_names(here)
                    changes = tuple(sorted(work[database, level], key=lambda each: each.order))
                    operation = Operation(
                        OperationKind.APPLY_PROPERTIES,
                        database,
                        level=level,
                        changes=changes,
                        needs=needs,
                        reads_first=database not in self._new
                        and any(self._is_sent(each) for each in changes),
                    )
                    here.append(self._add(operation))
            settled += here
            below = here
        return settled

    def _property_work(self) -> dict[tuple[str, int], list[Change]]:
        """Return the property changes by database and level; a new database is read once in any case, for its ids."""
        levels = property_levels(self._template)
        work: dict[tuple[str, int], list[Change]] = {(key, 1): [] for key in self._new}
        for change in self._changes:
            if change.kind not in {"property", "option"} or change.facets in (
                {"key"},
                {"adopt"},
                {"mirror"},
            ):
                continue
            level = self._level(change, levels)
            if change.database not in self._new or level > 0:
                work.setdefault((change.database, level), []).append(change)
        return work

    def _is_sent(self, change: Change) -> bool:
        """Return whether a change is in a request of its own database; a mirror comes with its relation."""
        return (
            change.action != "create"
            or own_property(self._template, change.database, change.key) is not None
        )

    def _level(self, change: Change, levels: dict[tuple[str, str], int]) -> int:
        """Return the level of a change: after what it refers to, and after its name has become free."""
        return max(self._level_of_references(change, levels), self._level_of_name(change, levels))

    def _level_of_name(self, change: Change, levels: dict[tuple[str, str], int]) -> int:
        found = self._existing.databases.get(change.database)
        holder = (
            holder_of_name(self._template, found.data_source, change) if found is not None else None
        )
        here = [each for each in self._changes if each.database == change.database]
        freeing = change_that_frees(here, holder) if holder is not None else None
        return 1 + self._level(freeing, levels) if freeing is not None else 0

    def _level_of_references(self, change: Change, levels: dict[tuple[str, str], int]) -> int:
        if "former mirror" in change.facets:
            return 1  # after all relations have been changed
        if change.action == "delete" or change.kind == "option":
            return 0
        if change.action == "update" and not change.facets & {"formula", "rollup"}:
            return 0
        far = self._template.far_sides(change.database).get(change.key)
        if far is not None:
            level = levels[far[0], far[1]]
            return max(level, 1) if far[0] in self._new else level
        level = levels[change.database, change.key]
        return max(level, 1) if self._names_renamed(change) else level

    def _names_renamed(self, change: Change) -> bool:
        """Whether a formula names a property that this plan renames: the new name must be there first."""
        spec = self._template.databases[change.database].properties[change.key]
        if not isinstance(spec, FormulaProperty):
            return False
        renamed = {
            each.key
            for each in self._changes
            if each.database == change.database and "title" in each.facets
        }
        titles = referenced_titles(spec.expression)
        return any(
            property_title(self._template, change.database, key) in titles for key in renamed if key
        )

    def _near_before_far(self, level: int) -> tuple[str, ...]:
        """Return the databases in the order in which they are settled at a level.

        A mirror that comes into being at this level must be there before its own database is settled. Of the others it
        is as well to know the name first, which Notion may have chosen; in a circle that is not possible for all.
        """
        levels = property_levels(self._template)
        sides = {key: self._template.far_sides(key).values() for key in self._template.databases}
        all_nears = {key: {near for near, _, _ in each} for key, each in sides.items()}
        made_here = {
            key: {near for near, rel, _ in each if levels[near, rel] == level}
            for key, each in sides.items()
        }
        return topological_order(
            {key: made_here[key] for key in topological_order(all_nears).order}
        ).order

    def _rows(self, changes: Iterable[Change]) -> None:
        wanted = {(each.database, each.key) for each in changes}
        base = operation_names(
            each for each in self._found if each.kind is not OperationKind.READ_MANIFEST
        )
        base = (
            operation_names(self._found[-1:])
            if self._found and self._found[-1].kind is OperationKind.RECORD_STRUCTURE
            else base
        )
        base |= operation_names(
            each for each in self._found if each.kind is OperationKind.READ_MANIFEST
        )
        created: dict[RowName, Operation] = {}
        namesakes: dict[tuple[str, str], Operation] = {}
        for name in self._starter.rows:
            if name in wanted:
                before = [
                    created[each] for each in self._starter.relations(name) if each in created
                ]
                namesake = self._titled(name)
                before += [namesakes[namesake]] if namesake in namesakes else []
                operation = Operation(
                    OperationKind.CREATE_ROW, *name, needs=base | operation_names(before)
                )
                created[name] = namesakes[namesake] = self._add(operation)
        for name in self._starter.rows:
            if self._starter.late_of(name) and (name in created or self._was_recovered(name)):
                self._add(
                    Operation(
                        OperationKind.COMPLETE_ROW,
                        *name,
                        needs=base | operation_names(created.values()),
                    )
                )

    def _titled(self, name: RowName) -> tuple[str, str]:
        """Rows of one title are written one by one, so that a lost answer can be looked up by title."""
        database = name[0]
        return database, self._starter.rows[name].cells.get(
            self._template.databases[database].title_key, ""
        )

    def _was_recovered(self, name: RowName) -> bool:
        database, key = name
        found, entry = self._existing.databases.get(database), self._existing.entry(database)
        recent = {page.id for page in found.rows} if found else set()
        return entry is not None and entry.rows.get(key) in recent
