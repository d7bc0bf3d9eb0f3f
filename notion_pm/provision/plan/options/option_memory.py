"""What the template said of an option when it was last written, kept in the manifest.

With it a renaming or recolouring by the client is told from one by the template. It lies among the titles and
fingerprints of the manifest, under `property.option`: versions that do not know of it carry it along.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import DataSource, Option, OptionsConfig
from notion_pm.model.template import GROUP_NAMES, OptionSpec, OptionsProperty, Template
from notion_pm.provision.plan.fingerprint import fingerprint

_DEFAULTS = {"color": "default", "group": "", "description": fingerprint(None)}


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """An option as it was last written. `group` is Notion's name for it, `description` a fingerprint."""

    name: str
    color: str
    group: str
    description: str


def last_written(entry: DatabaseEntry, place: str) -> OptionFacts | None:
    """Return what was last written of an option (`property.option`); None when nobody remembers."""
    if place not in entry.titles:
        return None
    marks = {
        facet: entry.fingerprints.get(f"{place}.{facet}", default)
        for facet, default in _DEFAULTS.items()
    }
    return OptionFacts(entry.titles[place], **marks)


def template_option_facts(spec: OptionSpec) -> OptionFacts:
    """Return an option as the template states it now."""
    return OptionFacts(
        spec.name, spec.color, GROUP_NAMES.get(spec.group or "", ""), fingerprint(spec.description)
    )


def notion_option_facts(option: Option) -> OptionFacts:
    """Return an option as it is in Notion."""
    return OptionFacts(
        option.name, option.color, option.group or "", fingerprint(option.description)
    )


def with_agreed_option_facts(
    template: Template, database: str, entry: DatabaseEntry, source: DataSource
) -> DatabaseEntry:
    """Return the entry with what template and Notion agree on.

    Where they never agreed, nothing is remembered: what differs is then taken for the client's.
    """
    titles, prints = dict(entry.titles), dict(entry.fingerprints)
    for place, spec, option in _both(template, database, entry, source):
        before, wanted, there = (
            last_written(entry, place),
            template_option_facts(spec),
            notion_option_facts(option),
        )
        if before is None and there != _as_silent(wanted, there):
            continue
        known = before or wanted
        titles[place] = wanted.name if wanted.name == there.name else known.name
        for facet, default in _DEFAULTS.items():
            agreed = getattr(wanted, facet) == getattr(there, facet)
            mark = getattr(wanted if agreed else known, facet)
            prints.pop(f"{place}.{facet}", None)
            if mark != default:
                prints[f"{place}.{facet}"] = mark
    return entry.model_copy(update={"titles": titles, "fingerprints": prints})


def _as_silent(wanted: OptionFacts, there: OptionFacts) -> OptionFacts:
    """What the template wants, with Notion's answer where the template says nothing."""
    color = there.color if wanted.color == _DEFAULTS["color"] else wanted.color
    return OptionFacts(wanted.name, color, wanted.group or there.group, there.description)


def _both(
    template: Template, database: str, entry: DatabaseEntry, source: DataSource
) -> Iterator[tuple[str, OptionSpec, Option]]:
    """Find the options that the template states and that exist, with their places."""
    for key, spec in template.databases[database].properties.items():
        prop = source.properties.get(entry.properties.get(key, ""))
        if (
            not isinstance(spec, OptionsProperty)
            or prop is None
            or not isinstance(prop.config, OptionsConfig)
        ):
            continue
        there = {each.id: each for each in prop.config.options}
        for option in spec.options:
            place = f"{key}.{option.key}"
            if entry.options.get(place) in there:
                yield place, option, there[entry.options[place]]
