"""Turn changes into operations, each after those it needs.

The order: mark the record as being applied; create databases, those first that relations point to;
create and change properties, level by level, because some need ids that exist only after others
were created; views; replaced options; record the structure; starter rows; write the end of the
record.
"""

from __future__ import annotations

from collections import defaultdict
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

_RECORD_ONLY = ({"key"}, {"adopt"}, {"mirror"})
"""Facets of changes that need no request of their own_property: only the record changes, or the
property goes together with its mirror."""

Levels = dict[tuple[str, str], int]
"""The level of each property that a database itself states, by database and property key."""


def operations(
    desired: LoadedTemplate, existing: Existing, changes: Sequence[Change]
) -> tuple[Operation, ...]:
    """Return the operations that make the changes, in an order in which they can run one by one."""
    if not changes:
        return ()
    return _Ordering(desired, existing, changes).operations()


class _Ordering:
    """Collects the operations of one plan. Blocked changes are left out."""

    def __init__(
        self, desired: LoadedTemplate, existing: Existing, changes: Sequence[Change]
    ) -> None:
        self._template = desired.template
        self._existing = existing
        self._changes = [change for change in changes if change.change_class != "blocked"]
        self._new_databases = {
            change.database
            for change in self._changes
            if change.kind == "database" and change.action == "create"
        }
        self._starter_rows = StarterRows(desired)
        self._operations: list[Operation] = []

    def operations(self) -> tuple[Operation, ...]:
        start = self._start()
        structure = [*self._databases(start), *self._properties(start)]
        views = view_operations(
            self._template,
            self._existing,
            self._changes,
            self._new_databases,
            before=self._operations,
        )
        structure += [self._add(operation) for operation in views]
        # Replaced options come last: as long as an old option exists, an apply that is interrupted
        # and run again finds the replacement still to do.
        needs = operation_names(structure) | start
        replacements = replacement_operations(self._changes, needs)
        structure += [self._add(operation) for operation in replacements]

        rows = [change for change in self._changes if change.kind == "row"]
        recorded = None
        if structure and rows:
            recorded = Operation(OperationKind.RECORD_STRUCTURE, needs=operation_names(structure))
            self._add(recorded)
        self._rows(rows, self._needs_of_rows(recorded))

        summary = self._add(
            Operation(OperationKind.WRITE_SUMMARY, needs=operation_names(self._operations))
        )
        self._add(Operation(OperationKind.RECORD_END, needs=operation_names([summary])))
        return tuple(self._operations)

    def _add(self, operation: Operation) -> Operation:
        self._operations.append(operation)
        return operation

    # --- start and databases

    def _start(self) -> frozenset[str]:
        """Add the operations that mark the record as being applied; return what others wait for.

        An interrupted apply has marked it already, and keeps its start time.
        """
        if self._existing.manifest is None:
            opened = self._add(Operation(OperationKind.OPEN_MANIFEST))
            checked = self._add(
                Operation(OperationKind.CHECK_FIRST_PAGE, needs=operation_names([opened]))
            )
            read = Operation(OperationKind.READ_MANIFEST, needs=operation_names([checked]))
            return operation_names([self._add(read)])
        if self._existing.is_interrupted:
            return frozenset()
        return operation_names([self._add(Operation(OperationKind.MARK_MANIFEST))])

    def _databases(self, start: frozenset[str]) -> list[Operation]:
        """Add the creations and updates of databases. Relations need the id of their target, so
        targets are created first; in a circle, the relation follows as a property of level 1."""
        targets = {key: self._relation_targets(key) for key in self._template.databases}
        added: list[Operation] = []
        for key in topological_order(targets).order:
            if key in self._new_databases:
                earlier = [operation for operation in added if operation.database in targets[key]]
                needs = start | operation_names(earlier)
                operation = Operation(OperationKind.CREATE_DATABASE, key, needs=needs)
                added.append(self._add(operation))
        for change in self._changes:
            if change.kind == "database" and change.action == "update":
                operation = Operation(
                    OperationKind.UPDATE_DATABASE, change.database, changes=(change,), needs=start
                )
                added.append(self._add(operation))
        return added

    def _relation_targets(self, database: str) -> set[str]:
        properties = self._template.databases[database].properties.values()
        targets = {prop.to for prop in properties if isinstance(prop, RelationProperty)}
        return targets - {database}

    # --- properties, level by level

    def _properties(self, start: frozenset[str]) -> list[Operation]:
        """Add one operation per database and level."""
        changes_by_level = self._property_changes_by_level()
        created = operation_names(
            operation
            for operation in self._operations
            if operation.kind is OperationKind.CREATE_DATABASE
        )
        all_added: list[Operation] = []
        level_below: list[Operation] = []
        for level in sorted({level for _, level in changes_by_level}):
            this_level: list[Operation] = []
            for database in self._near_sides_first(level):
                if (database, level) not in changes_by_level:
                    continue
                changes = sorted(changes_by_level[database, level], key=lambda change: change.order)
                is_sent = any(self._is_sent(change) for change in changes)
                # Databases of one level go one after the other: Notion's answer for one may contain
                # the name of a mirror on the next.
                before = operation_names([*level_below, *this_level])
                operation = Operation(
                    OperationKind.APPLY_PROPERTIES,
                    database,
                    level=level,
                    changes=tuple(changes),
                    needs=start | created | before,
                    reads_first=is_sent and database not in self._new_databases,
                )
                this_level.append(self._add(operation))
            all_added += this_level
            level_below = this_level
        return all_added

    def _property_changes_by_level(self) -> dict[tuple[str, int], list[Change]]:
        """Return the changes of properties and options by database and level.

        A new database gets level 1 in any case: it is read then, for the ids of its properties. Its
        properties of level 0 are sent with its creation.
        """
        levels = property_levels(self._template)
        by_level: dict[tuple[str, int], list[Change]] = defaultdict(list)
        for key in self._new_databases:
            by_level[key, 1] = []
        for change in self._changes:
            if change.kind not in {"property", "option"} or change.facets in _RECORD_ONLY:
                continue
            level = self._level(change, levels)
            if change.database not in self._new_databases or level > 0:
                by_level[change.database, level].append(change)
        return by_level

    def _is_sent(self, change: Change) -> bool:
        """Whether a change is part of a request. A new mirror is not: it comes with its
        relation."""
        if change.action != "create":
            return True
        return own_property(self._template, change.database, change.key) is not None

    def _level(self, change: Change, levels: Levels) -> int:
        """Return the level of a change: after what it refers to, and after its title is free."""
        return max(self._level_of_references(change, levels), self._level_of_title(change, levels))

    def _level_of_title(self, change: Change, levels: Levels) -> int:
        """Return the level at which another property has given up the title that a change needs."""
        found = self._existing.databases.get(change.database)
        if found is None:
            return 0
        holder = holder_of_name(self._template, found.data_source, change)
        if holder is None:
            return 0
        same_database = [other for other in self._changes if other.database == change.database]
        freeing = change_that_frees(same_database, holder)
        return 1 + self._level(freeing, levels) if freeing is not None else 0

    def _level_of_references(self, change: Change, levels: Levels) -> int:
        """Return the level at which everything exists that a change refers to."""
        if "former mirror" in change.facets:
            return 1  # after all relations were changed
        if change.action == "delete" or change.kind == "option":
            return 0
        if change.action == "update" and not change.facets & {"formula", "rollup"}:
            return 0

        far_side = self._template.far_sides(change.database).get(change.key)
        if far_side is not None:
            near_database, relation, _ = far_side
            level = levels[near_database, relation]
            # Notion creates a mirror with its relation; that of a new database is known at level 1.
            return max(level, 1) if near_database in self._new_databases else level

        level = levels[change.database, change.key]
        return max(level, 1) if self._uses_renamed_property(change) else level

    def _uses_renamed_property(self, change: Change) -> bool:
        """Whether a formula names a property that this plan renames. Notion must know the new name
        before it accepts the formula."""
        spec = self._template.databases[change.database].properties[change.key]
        if not isinstance(spec, FormulaProperty):
            return False
        used_titles = referenced_titles(spec.expression)
        renamed_titles = [
            property_title(self._template, other.database, other.key)
            for other in self._changes
            if other.database == change.database
            and other.kind == "property"
            and "title" in other.facets
        ]
        return any(title in used_titles for title in renamed_titles)

    def _near_sides_first(self, level: int) -> tuple[str, ...]:
        """Return the databases in the order in which they are handled at a level.

        Notion names mirrors, so a database comes after those whose relations have a mirror on it.
        That is required where the relation is created at this level. Elsewhere it is only
        preferred: in a circle of databases it is not possible for all.
        """
        levels = property_levels(self._template)
        all_nears: dict[str, set[str]] = {}
        nears_of_level: dict[str, set[str]] = {}
        for key in self._template.databases:
            far_sides = self._template.far_sides(key).values()
            all_nears[key] = {near for near, _, _ in far_sides}
            nears_of_level[key] = {
                near for near, relation, _ in far_sides if levels[near, relation] == level
            }
        preferred = topological_order(all_nears).order
        return topological_order({key: nears_of_level[key] for key in preferred}).order

    # --- starter rows

    def _needs_of_rows(self, recorded: Operation | None) -> frozenset[str]:
        """Return what every row waits for: the structure, or its record if that is written."""
        readings = [
            operation
            for operation in self._operations
            if operation.kind is OperationKind.READ_MANIFEST
        ]
        if recorded is not None:
            return operation_names([*readings, recorded])
        return operation_names(self._operations)

    def _rows(self, changes: Iterable[Change], needs: frozenset[str]) -> None:
        """Add the creation of each row, then the relations between rows that relate to each
        other."""
        missing = {(change.database, change.key) for change in changes}
        created = self._created_rows(missing, needs)
        all_created = operation_names(created.values())
        for name in self._starter_rows.rows:
            has_deferred = bool(self._starter_rows.deferred_relations(name))
            if has_deferred and (name in created or self._was_recovered(name)):
                needed = needs | all_created
                self._add(Operation(OperationKind.COMPLETE_ROW, *name, needs=needed))

    def _created_rows(
        self, missing: set[RowName], needs: frozenset[str]
    ) -> dict[RowName, Operation]:
        """Add one operation per missing row, after the rows that it relates to.

        Rows of the same title are written one after the other. Then a row whose request has an
        unknown outcome can be found by its title.
        """
        created: dict[RowName, Operation] = {}
        last_of_title: dict[tuple[str, str], Operation] = {}
        for name in self._starter_rows.rows:
            if name not in missing:
                continue
            before = [
                created[other] for other in self._starter_rows.relations(name) if other in created
            ]
            title = (name[0], self._row_title(name))
            if title in last_of_title:
                before.append(last_of_title[title])
            operation = Operation(
                OperationKind.CREATE_ROW, *name, needs=needs | operation_names(before)
            )
            created[name] = last_of_title[title] = self._add(operation)
        return created

    def _row_title(self, name: RowName) -> str:
        title_key = self._template.databases[name[0]].title_key
        return self._starter_rows.rows[name].cells.get(title_key, "")

    def _was_recovered(self, name: RowName) -> bool:
        """Whether an interrupted apply wrote a row; its later relations may be missing."""
        database, key = name
        found = self._existing.databases.get(database)
        entry = self._existing.entry(database)
        if found is None or entry is None:
            return False
        recent_ids = {page.id for page in found.rows}
        return entry.rows.get(key) in recent_ids
