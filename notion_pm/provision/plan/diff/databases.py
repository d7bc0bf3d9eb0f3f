"""Compare a template with the workspace. Never plans a change of something that the record does
not own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from notion_pm.model.existing import Existing
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import Database
from notion_pm.model.template import DatabaseSpec, LoadedTemplate, OptionsProperty, Template
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import MANIFEST_ADDRESS, Change, Finding, Note
from notion_pm.provision.plan.diff.compared_database import ComparedDatabase
from notion_pm.provision.plan.diff.properties import new_property, property_changes
from notion_pm.provision.plan.diff.removals import KEPT, removed_views
from notion_pm.provision.plan.diff.views import changes_for_renamed_options, new_view, view_changes
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions

KEPT_LOOK = "kept look"
"""Facet of a database change that sets no icon and description, because people changed them. Only
the record notes the template's."""


def diff(
    desired: LoadedTemplate,
    existing: Existing,
    *,
    with_rows: bool,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> tuple[tuple[Change, ...], tuple[Note, ...]]:
    """Return the changes that make the workspace what the template says, and notes for people.

    Both are sorted by address.
    """
    findings = list(_compare_record(desired, existing, options))
    for key, spec in desired.template.databases.items():
        findings += _compare_database(desired.template, key, spec, existing, options)
        if with_rows and key not in existing.lost:
            findings += _missing_rows(desired, key, existing.entry(key))
    for key, entry in existing.owned.items():
        if key not in desired.template.databases:
            findings.append(Note(address(key), KEPT, entry.title))

    changes = [finding for finding in findings if isinstance(finding, Change)]
    notes = [finding for finding in findings if isinstance(finding, Note)]
    return tuple(sorted(changes, key=lambda change: change.order)), tuple(sorted(notes))


def _compare_database(
    template: Template, key: str, spec: DatabaseSpec, existing: Existing, options: PlanOptions
) -> Iterator[Finding]:
    if spec.bind is not None:
        yield from _compare_bound_database(key, spec, existing)
        return
    if key in existing.lost:
        yield _lost_database(key, spec, existing)
        return

    entry = existing.entry(key)
    found = existing.databases.get(key)
    if entry is None or found is None:
        yield from _new_database(template, key, spec)
        if spec.title in existing.neighbours:
            message = f"another database here is also called {spec.title!r}; it is left alone"
            yield Note(address(key), message, spec.title)
        return

    database = ComparedDatabase(template, key, entry, found, existing, options)
    yield from _compare_title_and_look(database)
    # Views are compared last: those that filter by an option need the changes of options.
    inside = [*property_changes(database), *view_changes(database)]
    yield from inside
    yield from changes_for_renamed_options(database, inside)
    yield from removed_views(database)


def _compare_record(
    desired: LoadedTemplate, existing: Existing, options: PlanOptions
) -> Iterator[Finding]:
    """Compare the record page with the template: its version and variables, and its state."""
    manifest = existing.manifest
    if manifest is None:
        for other in existing.other_templates:
            message = f"the template {other!r} was also applied here; it is not changed"
            yield Note(MANIFEST_ADDRESS, message)
        return

    version = desired.template.version
    # Even an interrupted apply has recorded its version already, so going back from that version
    # is a downgrade too.
    if version < manifest.version and not options.downgrade:
        yield _downgrade(manifest.version, version)
        return

    reason = ""
    facets: frozenset[str] = frozenset()
    if manifest.state == "applying":
        reason = "an apply was interrupted; this one completes it"
    elif manifest.version != version:
        reason = f"version {manifest.version} of the template becomes {version}"
        facets = frozenset({"version"})
    elif manifest.variables != desired.variables:
        reason = "the values of the template's variables change"
    if reason:
        yield Change(
            MANIFEST_ADDRESS,
            "update",
            "manifest",
            reason,
            facets=facets,
            title="Record",
            summary=reason,
        )


def _downgrade(recorded: int, wanted: int) -> Change:
    """Return the blocked change for an older version of the template.

    Usually the user's notion-pm or template file is out of date.
    """
    reason = f"version {recorded} of the template is applied here, and version {wanted} is older"
    way_out = "Update notion-pm or the template's file; to go back on purpose, add --downgrade."
    return Change(
        MANIFEST_ADDRESS,
        "update",
        "manifest",
        reason,
        change_class="blocked",
        details=(way_out,),
        title="Record",
        summary=reason,
        consequence=way_out,
    )


def _compare_bound_database(key: str, spec: DatabaseSpec, existing: Existing) -> Iterator[Finding]:
    """Compare a database that the template only reads: record what is there, note what is
    missing."""
    entry = existing.bound[key]
    manifest = existing.manifest
    if manifest is not None:
        recorded = manifest.databases.get(key)
        # Something else is bound now, or the client deleted and created a property again.
        if recorded is None or not _is_same_binding(recorded, entry):
            reason = f"is read from the database {entry.title!r}; recorded, and not changed"
            yield Change(
                address(key),
                "update",
                "manifest",
                reason,
                database=key,
                title=entry.title,
                summary=reason,
            )

    for property_key, prop in spec.properties.items():
        if not isinstance(prop, OptionsProperty):
            continue
        for option in prop.options:
            if f"{property_key}.{option.key}" not in entry.options:
                where = address(key, property_key, option.key)
                message = f"{entry.title!r} has no option {option.name!r}"
                yield Note(where, message, prop.title)


def _is_same_binding(one: DatabaseEntry, other: DatabaseEntry) -> bool:
    """Whether two entries refer to the same things by id. Titles may differ."""
    fields = ("bound", "data_source_id", "properties", "options")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _lost_database(key: str, spec: DatabaseSpec, existing: Existing) -> Change:
    """Return the blocked change for a database that people deleted or no longer share.

    It is never created a second time: people would end up with two of them.
    """
    start_over = "or, to start without its pages, delete the record page and run  notion-pm repair"
    if key in existing.trashed:
        reason = f"the database {spec.title!r} is in the trash"
        link = existing.trashed[key]
        way_out = f"Restore it in Notion, with its pages: Trash (in the sidebar), or {link}"
    else:
        reason = (
            f"the database {spec.title!r} is no longer shared with the connection, "
            "or deleted for good"
        )
        way_out = "Share it, or the page that it was moved to: ••• > Connections"
    way_out = f"{way_out}; {start_over}."
    return Change(
        address(key),
        "create",
        "database",
        reason,
        change_class="blocked",
        details=(way_out,),
        database=key,
        title=spec.title,
        summary=reason,
        consequence=way_out,
    )


def _new_database(template: Template, key: str, spec: DatabaseSpec) -> Iterator[Change]:
    """Yield the changes that create a database: itself, its properties, mirrors and views."""
    yield Change(
        address(key),
        "create",
        "database",
        "new in the template",
        details=(spec.title,),
        database=key,
        title=spec.title,
        summary="new database",
    )
    for property_key, prop in spec.properties.items():
        yield new_property(key, property_key, prop.title, prop.type)
    for mirror_key, (near, relation, side) in template.far_sides(key).items():
        yield new_property(key, mirror_key, side.title, f"mirror of {near}.{relation}")
    for view_key, view in spec.views.items():
        yield new_view(key, view_key, view)


def _compare_title_and_look(database: ComparedDatabase) -> Iterator[Finding]:
    """Compare a database's title, and its icon and description (its look).

    The title in Notion is compared with the title that the last apply wrote: if they differ, people
    renamed the database, and their title stays unless --reset-titles is given.
    """
    spec, entry = database.spec, database.entry
    title_in_notion = database.found.title  # None: not directly on the parent page
    facets: set[str] = set()
    details = []

    # `entry.title` is what the last apply wrote. Example: written "Features", in the template now
    # "Feature specs", in Notion "Roadmap": people renamed it, so "Roadmap" stays.
    title_changed_in_template = spec.title != entry.title
    is_renamed_by_people = title_in_notion not in {None, entry.title}
    may_reset = database.options.reset_titles and entry.adopted is None
    if title_changed_in_template and not is_renamed_by_people:
        facets.add("title")
        details.append(f"title: {entry.title!r} becomes {spec.title!r}")
    elif may_reset and title_in_notion not in {None, spec.title}:
        facets.add("title")
        details.append(f"title: {title_in_notion!r} becomes {spec.title!r} again")
    elif title_in_notion is None:
        yield Note(
            database.address(), "is no longer directly on the parent page; respected", spec.title
        )
    elif title_in_notion != spec.title:
        message = f"is called {title_in_notion!r} in Notion (template: {spec.title!r}); respected"
        yield Note(database.address(), message, spec.title)

    if entry.fingerprints.get("") != fingerprint.of_database(spec):
        facets.add("look")
        details.append("icon and description as the template has them")
    if facets:
        yield Change(
            database.address(),
            "update",
            "database",
            "changed in the template",
            details=tuple(details),
            database=database.key,
            facets=frozenset(facets),
            title=title_in_notion or spec.title,
            summary="; ".join(details),
        )


def without_changes_by_people(
    change: Change, spec: DatabaseSpec, entry: DatabaseEntry, now: Database, *, reset_titles: bool
) -> Change:
    """Return a change of title and look without what people have set themselves.

    Three states are compared: what the last apply set (`entry`), what the template says (`spec`),
    and what Notion shows (`now`). Whatever people changed since the last apply stays. With
    `reset_titles` the title is set all the same.
    """
    facets = set(change.facets)
    details = list(change.details)

    # If people set the template's new title by hand, the plan agrees with them.
    is_renamed_by_people = now.title not in {entry.title, spec.title}
    if "title" in facets and is_renamed_by_people and not reset_titles:
        facets.remove("title")
        details = [detail for detail in details if not detail.startswith("title: ")]
        details.append(f"title: is {now.title!r} in Notion (template: {spec.title!r}); respected")

    if "look" in facets and not _is_look_as_set(spec, entry, now):
        facets.remove("look")
        facets.add(KEPT_LOOK)
        details = [detail for detail in details if not detail.startswith("icon and description")]
        details.append("icon and description: people changed them in Notion; respected")

    return replace(
        change, facets=frozenset(facets), details=tuple(details), summary="; ".join(details)
    )


def _is_look_as_set(spec: DatabaseSpec, entry: DatabaseEntry, now: Database) -> bool:
    """Whether icon and description are as the last apply set them, or already as the template says.

    The record holds a fingerprint of what the template said at the last apply.
    """
    icon = now.icon if now.icon_type in {None, "emoji"} else now.icon_type
    # Notion returns an empty description where the template has none, and drops a last newline.
    descriptions = {now.description or None, now.description, f"{now.description}\n"}
    expected = {entry.fingerprints.get(""), fingerprint.of_database(spec)}
    return any(fingerprint.of_look(icon, description) in expected for description in descriptions)


def _missing_rows(
    desired: LoadedTemplate, key: str, entry: DatabaseEntry | None
) -> Iterator[Change]:
    """Yield the starter rows that were never written. Rows that people deleted are not repeated."""
    title_key = desired.template.databases[key].title_key
    recorded = entry.rows if entry else {}
    for row in desired.rows.get(key, ()):
        # A recorded row may be in the trash: people deleted it, and it is not created again.
        if row.key in recorded:
            continue
        row_title = row.cells.get(title_key, "")
        yield Change(
            address(key, "rows", row.key),
            "create",
            "row",
            "starter row",
            details=(row_title,),
            database=key,
            key=row.key,
            title=row_title,
            summary="starter row",
        )
