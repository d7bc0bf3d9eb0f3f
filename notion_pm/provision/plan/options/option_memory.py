"""What the template said about an option when it was last written, kept in the record.

Comparing this with the template and with Notion shows who renamed or recoloured an option: the
client, or a new version of the template. It is stored among the titles and fingerprints of the
record, under `property.option`. Versions of notion-pm that do not know these keys keep them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import DataSource, Option, OptionsConfig
from notion_pm.model.template import GROUP_NAMES, OptionSpec, OptionsProperty, Template
from notion_pm.provision.plan.fingerprint import fingerprint

_FACET_DEFAULTS = {"color": "default", "group": "", "description": fingerprint(None)}
"""Facets beside the name. A default is not stored: most options have only a name."""


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """What is compared of an option. `group` is Notion's name for it, `description` a
    fingerprint."""

    name: str
    color: str
    group: str
    description: str


def last_written(entry: DatabaseEntry, ref: str) -> OptionFacts | None:
    """Return what was last written about an option (`property.option`), None if that is not
    known."""
    if ref not in entry.titles:
        return None
    facets = {
        facet: entry.fingerprints.get(f"{ref}.{facet}", default)
        for facet, default in _FACET_DEFAULTS.items()
    }
    return OptionFacts(entry.titles[ref], **facets)


def template_option_facts(spec: OptionSpec) -> OptionFacts:
    """Return what the template says about an option now."""
    group = GROUP_NAMES.get(spec.group or "", "")
    return OptionFacts(spec.name, spec.color, group, fingerprint(spec.description))


def notion_option_facts(option: Option) -> OptionFacts:
    """Return what Notion says about an option."""
    description = fingerprint(option.description)
    return OptionFacts(option.name, option.color, option.group or "", description)


def with_agreed_option_facts(
    template: Template, database: str, entry: DatabaseEntry, source: DataSource
) -> DatabaseEntry:
    """Return the entry with what template and Notion agree on, as last written.

    Of an option about which they never agreed, nothing is stored. Every difference then counts as
    the client's, and is respected.
    """
    titles = dict(entry.titles)
    fingerprints = dict(entry.fingerprints)
    for ref, spec, option in _existing_options(template, database, entry, source):
        before = last_written(entry, ref)
        wanted = template_option_facts(spec)
        in_notion = notion_option_facts(option)
        # Example: people had this option in another colour, and it was taken over. Nothing was
        # written about it, so the difference counts as theirs.
        if before is None and in_notion != _as_template_allows(wanted, in_notion):
            continue
        # Each facet for itself: people may have changed the colour and kept the name.
        known = before or wanted
        titles[ref] = wanted.name if wanted.name == in_notion.name else known.name
        for facet, default in _FACET_DEFAULTS.items():
            is_agreed = getattr(wanted, facet) == getattr(in_notion, facet)
            value = getattr(wanted if is_agreed else known, facet)
            fingerprints.pop(f"{ref}.{facet}", None)
            if value != default:
                fingerprints[f"{ref}.{facet}"] = value
    return entry.model_copy(update={"titles": titles, "fingerprints": fingerprints})


def _as_template_allows(wanted: OptionFacts, in_notion: OptionFacts) -> OptionFacts:
    """Return what the template wants, with Notion's answer where the template leaves it open.

    The colour `default` and no group leave it open. A description never counts as a difference
    here.
    """
    is_color_open = wanted.color == _FACET_DEFAULTS["color"]
    color = in_notion.color if is_color_open else wanted.color
    group = wanted.group or in_notion.group
    return OptionFacts(wanted.name, color, group, in_notion.description)


def _existing_options(
    template: Template, database: str, entry: DatabaseEntry, source: DataSource
) -> Iterator[tuple[str, OptionSpec, Option]]:
    """Yield the options that the template states and that exist, each with its
    `property.option`."""
    for key, spec in template.databases[database].properties.items():
        prop = source.properties.get(entry.properties.get(key, ""))
        if prop is None or not isinstance(spec, OptionsProperty):
            continue
        if not isinstance(prop.config, OptionsConfig):
            continue
        options_by_id = {option.id: option for option in prop.config.options}
        for option_spec in spec.options:
            ref = f"{key}.{option_spec.key}"
            option = options_by_id.get(entry.options.get(ref))
            if option is not None and option.id is not None:
                yield ref, option_spec, option
