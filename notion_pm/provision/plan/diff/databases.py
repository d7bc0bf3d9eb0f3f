"""Desired x existing -> changes and notes. Pure, and never about what the manifest does not own."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.template import DatabaseSpec, LoadedTemplate, OptionsProperty, Template
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import MANIFEST_ADDRESS, Change, Note
from notion_pm.provision.plan.diff.filters import filter_changes
from notion_pm.provision.plan.diff.properties import property_changes
from notion_pm.provision.plan.diff.removals import KEPT, removed_views
from notion_pm.provision.plan.diff.views import view_changes
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions

Finding = Change | Note


def diff(
    desired: LoadedTemplate,
    existing: Existing,
    *,
    with_rows: bool,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> tuple[tuple[Change, ...], tuple[Note, ...]]:
    """Return what is to change and what is to be told, each sorted by address."""
    findings = list(_findings(desired, existing, options, with_rows=with_rows))
    changes = [each for each in findings if isinstance(each, Change)]
    notes = [each for each in findings if isinstance(each, Note)]
    return tuple(sorted(changes, key=lambda each: each.order)), tuple(sorted(notes))


def _findings(
    desired: LoadedTemplate, existing: Existing, options: PlanOptions, *, with_rows: bool
) -> Iterator[Finding]:
    yield from _manifest(desired, existing, options)
    for key, spec in desired.template.databases.items():
        entry, found = existing.entry(key), existing.databases.get(key)
        if spec.bind is not None:
            yield from _bound(key, spec, existing)
        elif key in existing.lost:
            yield _lost(key, spec, existing)
        elif entry is None or found is None:
            yield from _new_database(desired.template, key, spec)
            if spec.title in existing.neighbours:
                yield Note(
                    address(key),
                    f"another database here is called {spec.title!r} too; it is left alone",
                )
        else:
            yield from _database(key, spec, entry, found, reset=options.reset_titles)
            inside = list(property_changes(desired.template, key, entry, found, existing, options))
            inside += view_changes(desired.template, key, entry, found, existing)
            yield from inside
            yield from filter_changes(desired.template, key, entry, existing, inside)
            yield from removed_views(
                desired.template, key, entry, found, existing, prune=options.prune
            )
        if with_rows and key not in existing.lost:
            yield from _rows(desired, key, entry)
    for key in existing.owned:
        if key not in desired.template.databases:
            yield Note(address(key), KEPT)


def _manifest(
    desired: LoadedTemplate, existing: Existing, options: PlanOptions
) -> Iterator[Finding]:
    manifest = existing.manifest
    if manifest is None:
        for other in existing.other_templates:
            yield Note(
                MANIFEST_ADDRESS,
                f"the template {other!r} was applied to this workspace; it stays as it is",
            )
        return
    # An interrupted apply has recorded its version already: going back from that one is a downgrade, too.
    if desired.template.version < manifest.version and not options.downgrade:
        yield _downgrade(manifest.version, desired.template.version)
    elif manifest.state == "applying":
        yield Change(
            MANIFEST_ADDRESS,
            "update",
            "manifest",
            "an apply was interrupted; this one brings it to its end",
        )
    elif manifest.version != desired.template.version:
        reason = f"version {manifest.version} of the template becomes {desired.template.version}"
        yield Change(MANIFEST_ADDRESS, "update", "manifest", reason)
    elif manifest.variables != desired.variables:
        yield Change(
            MANIFEST_ADDRESS, "update", "manifest", "the values of the template's variables change"
        )


def _downgrade(recorded: int, wanted: int) -> Change:
    """An older version of the template, most likely of somebody whose notion-pm or file is out of date."""
    reason = f"version {recorded} of the template is applied here, and version {wanted} is older"
    way_out = "Update notion-pm or the template's file; to go back on purpose, add --downgrade."
    return Change(MANIFEST_ADDRESS, "update", "manifest", reason, "blocked", (way_out,))


def _bound(key: str, spec: DatabaseSpec, existing: Existing) -> Iterator[Finding]:
    """A database that is only read: what is found there is recorded, and what is not is told."""
    entry, manifest = existing.bound[key], existing.manifest
    recorded = manifest.databases.get(key) if manifest else None
    if manifest is not None and (recorded is None or not _leads_to_the_same(recorded, entry)):
        reason = f"is read from the database {entry.title!r}, which is recorded and left as it is"
        yield Change(address(key), "update", "manifest", reason, database=key)
    for each, prop in spec.properties.items():
        for option in prop.options if isinstance(prop, OptionsProperty) else ():
            if f"{each}.{option.key}" not in entry.options:
                yield Note(
                    address(key, each, option.key), f"{entry.title!r} has no option {option.name!r}"
                )


def _leads_to_the_same(one: DatabaseEntry, other: DatabaseEntry) -> bool:
    """Whether two entries name the same things, whatever these are called."""
    keys = ("bound", "data_source_id", "properties", "options")
    return all(getattr(one, each) == getattr(other, each) for each in keys)


def _lost(key: str, spec: DatabaseSpec, existing: Existing) -> Change:
    """A database that people took away: it is never made a second time beside the first."""
    anew = "or, to start without its pages, delete the record page and run  notion-pm repair"
    if key in existing.trashed:
        reason = f"the database {spec.title!r} is in the trash"
        way_out = f"Restore it in Notion, with its pages: Trash (in the sidebar), or {existing.trashed[key]}; {anew}."
    else:
        reason = f"the database {spec.title!r} is no longer shared with the connection, or deleted for good"
        way_out = f"Share it, or the page that it was moved to: ••• > Connections; {anew}."
    return Change(address(key), "create", "database", reason, "blocked", (way_out,), key)


def _new_database(template: Template, key: str, spec: DatabaseSpec) -> Iterator[Finding]:
    new = "new in the template"
    yield Change(address(key), "create", "database", new, "safe", (spec.title,), key)
    for each, prop in spec.properties.items():
        details = (f"{prop.title} ({prop.type})",)
        yield Change(address(key, each), "create", "property", new, "safe", details, key, each)
    for each, (near, relation, side) in template.far_sides(key).items():
        details = (f"{side.title} (mirror of {near}.{relation})",)
        yield Change(address(key, each), "create", "property", new, "safe", details, key, each)
    for each, view in spec.views.items():
        yield Change(
            address(key, "views", each),
            "create",
            "view",
            new,
            "safe",
            (f"{view.title} ({view.type})",),
            key,
            each,
        )


def _database(
    key: str, spec: DatabaseSpec, entry: DatabaseEntry, found: ExistingDatabase, *, reset: bool
) -> Iterator[Finding]:
    facets, details = set(), []
    if spec.title != entry.title and found.title in {None, entry.title}:
        facets.add("title")
        details.append(f"title: {entry.title!r} becomes {spec.title!r}")
    elif reset and entry.adopted is None and found.title not in {None, spec.title}:
        facets.add("title")
        details.append(f"title: {found.title!r} becomes {spec.title!r} again")
    elif found.title is None:
        yield Note(address(key), "is not directly on the parent page any more; respected")
    elif found.title != spec.title:
        yield Note(
            address(key),
            f"is called {found.title!r} in Notion (template: {spec.title!r}); respected",
        )
    if entry.fingerprints.get("") != fingerprint.of_database(spec):
        facets.add("look")
        details.append("icon and description as the template has them")
    if facets:
        changed = frozenset(facets)
        yield Change(
            address(key),
            "update",
            "database",
            "changed in the template",
            "safe",
            tuple(details),
            key,
            "",
            changed,
        )


def _rows(desired: LoadedTemplate, key: str, entry: DatabaseEntry | None) -> Iterator[Finding]:
    title = desired.template.databases[key].title_key
    written = entry.rows if entry else {}
    for row in desired.rows.get(key, ()):
        if row.key not in written:
            details = (row.cells.get(title, ""),)
            yield Change(
                address(key, "rows", row.key),
                "create",
                "row",
                "starter row",
                "safe",
                details,
                key,
                row.key,
            )
