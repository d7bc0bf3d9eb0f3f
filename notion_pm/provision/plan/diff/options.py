"""Compare the options of a property that exists with the template.

Notion replaces the list of options as a whole, and its API can neither rename nor recolour an
option (notion-api.md 3.2, 3.3). So when the template changes a name or a colour, the option is
replaced by a new one. Missing options are added. What people added, renamed or recoloured is theirs
and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from notion_pm.model.ids import Address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import Option, OptionsConfig, Property
from notion_pm.model.template import OptionSpec, OptionsProperty, PropertySpec
from notion_pm.provision.plan.change import Action, Change, Finding, Note
from notion_pm.provision.plan.diff.compared_database import ComparedDatabase
from notion_pm.provision.plan.diff.removals import removed_options
from notion_pm.provision.plan.options.option_list import new_option
from notion_pm.provision.plan.options.option_memory import (
    last_written,
    notion_option_facts,
    template_option_facts,
)
from notion_pm.provision.plan.options.replacements import (
    OptionReplacement,
    find_option_named,
    find_placeholder,
)

_MAX_OPTIONS = 100
"""Notion takes at most 100 options in one request (notion-api.md 3.2)."""

_HOW_TO_REGROUP = (
    "rules do not read groups; to move it: column header > Edit property > drag the option"
)
_ONLY_RECORDED = frozenset({"adopt"})
"""Facet of an option that exists already: only the record changes."""


def option_changes(
    database: ComparedDatabase, key: str, owned_as: str, spec: PropertySpec, prop: Property
) -> Iterator[Finding]:
    """Compare the options of a select, multi_select or status property; others have none.

    `owned_as` is the property's key in the record, `key` the one in the template.
    """
    if not isinstance(spec, OptionsProperty) or not isinstance(prop.config, OptionsConfig):
        return
    findings: list[Finding] = []
    for option_spec in spec.options:
        findings += _OptionDiff(database, key, owned_as, option_spec, prop).findings()
    findings = _check_names(findings, spec, prop.config.options, database.entry)
    yield from _block_if_too_many(findings, len(prop.config.options))
    yield from removed_options(database, key, owned_as, spec, prop)


def _adds_option(finding: Finding) -> bool:
    if not isinstance(finding, Change):
        return False
    return finding.action == "create" or finding.replacement is not None


def _check_names(
    findings: Sequence[Finding],
    spec: OptionsProperty,
    options: Sequence[Option],
    entry: DatabaseEntry,
) -> list[Finding]:
    """Defer or block the changes that add an option whose name another option has.

    Names are unique within a property, whatever their case. If the other option is being replaced,
    the new one is added after that. If the other one stays, a person has to rename it.
    """
    replacements = [
        finding.replacement
        for finding in findings
        if isinstance(finding, Change) and finding.replacement
    ]
    # Options that this plan removes: their names become free during the apply.
    leaving = [replacement.source for replacement in replacements if replacement.source]
    ours = set(entry.options.values())

    checked: list[Finding] = []
    for finding in findings:
        if isinstance(finding, Change) and _adds_option(finding):
            checked.append(_check_name(finding, spec, options, leaving, ours))
        else:
            checked.append(finding)
    return checked


def _check_name(
    change: Change,
    spec: OptionsProperty,
    options: Sequence[Option],
    leaving: Sequence[Option],
    ours: set[str],
) -> Change:
    replacement = change.replacement or _addition(spec, change)
    name = replacement.target.name
    if find_option_named(leaving, name) is not None:
        return replace(change, replacement=replace(replacement, deferred=True))

    holder = find_option_named(options, name)
    if holder is None or holder.id not in ours:
        return change
    own_ids = {option.id for option in (replacement.source, replacement.placeholder) if option}
    # A resumed replacement finds its own target in Notion: the interrupted apply has added it.
    is_resumed = replacement.placeholder is not None
    if holder.id in own_ids or is_resumed:
        return change
    reason = f"another option of the template is called {holder.name!r} in Notion"
    return _block(change, reason, "Rename that one first.")


def _addition(spec: OptionsProperty, change: Change) -> OptionReplacement:
    """Return a new option in the form of a replacement that replaces nothing."""
    option = spec.option(change.address.rpartition(".")[2])
    assert option is not None, "only options of the template are added"
    return OptionReplacement(option.key, new_option(option))


def _block_if_too_many(findings: Sequence[Finding], existing: int) -> Iterator[Finding]:
    """Yield the findings; all additions are blocked if the property would have too many options.

    A replacement counts as an addition, because old and new option exist side by side for a while.
    """
    additions = sum(1 for finding in findings if _adds_option(finding))
    has_too_many = existing + additions > _MAX_OPTIONS
    for finding in findings:
        if has_too_many and isinstance(finding, Change) and _adds_option(finding):
            reason = (
                f"the property would have more than {_MAX_OPTIONS} options, "
                "which Notion does not take at once"
            )
            yield _block(finding, reason, "Add it by hand in Notion.")
        else:
            yield finding


def _block(change: Change, reason: str, way_out: str) -> Change:
    return replace(
        change,
        reason=reason,
        change_class="blocked",
        details=(way_out,),
        replacement=None,
        consequence=f"{reason}. {way_out}",
    )


@dataclass(frozen=True)
class _OptionDiff:
    """An option of the template and the existing option that it is compared with."""

    database: ComparedDatabase
    key: str
    owned_as: str
    spec: OptionSpec
    prop: Property

    def findings(self) -> Iterator[Finding]:
        """Yield what has to change, and what people changed."""
        found = self._found
        placeholder = find_placeholder(self._options, self.spec.key)
        if found is None and placeholder is None:
            yield self._new()
            return
        # Interrupted after the old option was removed: only the placeholder is left.
        if found is None:
            assert placeholder is not None
            yield self._resume_replacement(
                None, self._target_of_placeholder(placeholder), placeholder
            )
            return

        yield from self._take_over(found)
        target = self._target(found)
        is_same_look = (target.name, target.color) == (found.name, found.color)
        if placeholder is not None:
            # An interrupted apply left its placeholder: continue, even if the look is right by now.
            source = None if is_same_look else found
            yield self._resume_replacement(source, target, placeholder)
        elif not is_same_look:
            yield self._replace(found, target)
        elif target != replace(found, id=None):
            yield self._edit_in_place(found, target)
        yield from self._notes_on_drift(target)

    @property
    def _options(self) -> tuple[Option, ...]:
        config = self.prop.config
        return config.options if isinstance(config, OptionsConfig) else ()

    @property
    def _current_ref(self) -> str:
        return f"{self.owned_as}.{self.spec.key}"

    @cached_property
    def _recorded_ref(self) -> str:
        """Where the record has the option: under its former key (`was:`) if it knows only that."""
        former_ref = f"{self.owned_as}.{self.spec.was}"
        recorded = self.database.entry.options
        if former_ref in recorded and self._current_ref not in recorded:
            return former_ref
        return self._current_ref

    @cached_property
    def _found(self) -> Option | None:
        """The existing option: the option that the record names, or else one of the same name.

        An option that the record names for another key is never taken, whatever its name.
        """
        recorded = self.database.entry.options
        option_id = recorded.get(self._recorded_ref)
        if option_id:
            for option in self._options:
                if option.id == option_id:
                    return option
        # Example: the template swaps the names of two options. By name alone, each would be taken
        # for the other.
        taken = {other for ref, other in recorded.items() if ref != self._recorded_ref}
        free = [option for option in self._options if option.id not in taken]
        return find_option_named(free, self.spec.name)

    def _target(self, found: Option) -> Option:
        """Return the option as it should be: the template's, where the template changed; else as it
        is.

        Each facet (name, colour, group, description) is compared with what was last written. If
        Notion still shows that and the template now says something else, the template changed it.
        If Notion shows something else, people did, and it stays.
        """
        wanted = template_option_facts(self.spec)
        in_notion = notion_option_facts(found)
        written = last_written(self.database.entry, self._recorded_ref)

        def is_changed_by_template(facet: str) -> bool:
            if written is None:
                return False
            last = getattr(written, facet)
            is_as_written: bool = getattr(in_notion, facet) == last
            return is_as_written and getattr(wanted, facet) != last

        # --reset-titles overrules people. A colour that the template leaves open is theirs in any
        # case.
        is_reset = self.database.options.reset_titles
        has_color = self.spec.color != "default"  # `default`: the template leaves the colour open
        name = found.name
        if is_reset or is_changed_by_template("name"):
            name = self.spec.name
        color = found.color
        if is_changed_by_template("color") or (is_reset and has_color):
            color = self.spec.color
        # Notion requires a group for each status option, so it never becomes empty.
        group = found.group
        if is_changed_by_template("group"):
            group = wanted.group or found.group
        description = found.description
        if is_changed_by_template("description"):
            description = self.spec.description
        return Option(name, color=color, group=group, description=description)

    def _target_of_placeholder(self, placeholder: Option) -> Option:
        """Return what a placeholder was added for. Its description holds the name of that
        option."""
        name = placeholder.description or self.spec.name
        return replace(placeholder, id=None, name=name, description=self.spec.description)

    def _new(self) -> Change:
        name = self.spec.name
        if self._recorded_ref in self.database.entry.options:
            reason = "was deleted in Notion: created again"
            summary = f'option "{name}" created again: it was deleted in Notion'
        else:
            reason = "new in the template"
            summary = f'option "{name}" added'
        return self._change("create", reason, summary, details=(name,))

    def _take_over(self, found: Option) -> Iterator[Change]:
        """Record an option under its new key, or one that people had already."""
        if self._recorded_ref != self._current_ref:
            reason = f"its key was {self.spec.was!r}"
        elif self._recorded_ref not in self.database.entry.options:
            reason = f"people have an option {found.name!r} already: taken over"
        else:
            return
        summary = f'option "{found.name}": {reason}'
        yield replace(self._change("update", reason, summary), facets=_ONLY_RECORDED)

    def _replace(self, found: Option, target: Option) -> Change:
        is_renamed = target.name != found.name
        is_recolored = target.color != found.color
        details = []
        if is_renamed:
            details.append(f"name: {found.name!r} becomes {target.name!r}")
        if is_recolored:
            details.append(f"colour: {found.color} becomes {target.color}")
        details.append("its pages move to a new option: Notion cannot change one in place")
        if is_renamed:
            details.append("filters that people made with the old name must be set again")

        summary = f'option "{found.name}"'
        if is_renamed:
            summary += f' -> "{target.name}"'
        if is_recolored:
            summary += f", colour {found.color} -> {target.color}"
        is_reset = self.database.options.reset_titles
        reason = "set back as in the template" if is_reset else "changed in the template"
        change = self._change("update", reason, summary, details=tuple(details))
        replacement = OptionReplacement(self.spec.key, target, found)
        return replace(change, change_class="slow", replacement=replacement)

    def _resume_replacement(
        self, source: Option | None, target: Option, placeholder: Option
    ) -> Change:
        """Continue a replacement that was interrupted."""
        reason = "was being replaced when an apply was interrupted"
        summary = f'option "{target.name}": continues a replacement that was interrupted'
        change = self._change("update", reason, summary)
        replacement = OptionReplacement(self.spec.key, target, source, placeholder)
        return replace(change, change_class="slow", replacement=replacement)

    def _edit_in_place(self, found: Option, target: Option) -> Change:
        """Change group and description: Notion can change these in place."""
        facets = []
        details = []
        if target.description != found.description:
            facets.append("description")
            details.append("description")
        if target.group != found.group:
            facets.append("group")
            details.append(f"group: {target.group}")
        summary = f'option "{found.name}": {", ".join(details)}'
        change = self._change("update", "changed in the template", summary, details=tuple(details))
        return replace(change, facets=frozenset({"options", *facets}), option_id=found.id or "")

    def _notes_on_drift(self, target: Option) -> Iterator[Note]:
        """Note what people changed and the plan leaves. `default` means any colour, no group
        any."""
        wanted_group = template_option_facts(self.spec).group
        title = f"{self.prop.name} > {target.name}"
        if target.name != self.spec.name:
            message = (
                f"is called {target.name!r} in Notion (template: {self.spec.name!r}); respected"
            )
            yield Note(self._address, message, title)
        if self.spec.color not in {"default", target.color}:
            message = f"is {target.color} in Notion (template: {self.spec.color}); respected"
            yield Note(self._address, message, title)
        if wanted_group and target.group and target.group != wanted_group:
            message = (
                f"is in the group {target.group!r} in Notion (template: {wanted_group!r}); "
                f"{_HOW_TO_REGROUP}"
            )
            yield Note(self._address, message, title)

    @property
    def _address(self) -> Address:
        return self.database.address(self.key, self.spec.key)

    def _change(
        self, action: Action, reason: str, summary: str, details: tuple[str, ...] = ()
    ) -> Change:
        return Change(
            self._address,
            action,
            "option",
            reason,
            details=details,
            database=self.database.key,
            key=self.key,
            facets=frozenset({"options"}),
            property_id=self.prop.id,
            title=self.prop.name,
            summary=summary,
        )
