"""The options of a property that exists.

Notion replaces the list of options as a whole, and can neither rename nor recolour one (notion-api.md 3.2, 3.3): what
the template changes so, is a swap. Missing options are added; what people added, renamed or recoloured is theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import Option, OptionsConfig, Property
from notion_pm.model.template import OptionSpec, OptionsProperty, PropertySpec
from notion_pm.provision.plan.change import Action, Change, Note
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
from notion_pm.provision.plan.plan_options import PlanOptions

_MOST_AT_ONCE = 100
_REGROUP = "rules do not read groups; to move it: column header > Edit property > drag the option"
_RESUMED = "was being replaced when an apply was interrupted"
Finding = Change | Note


def option_changes(
    database: str,
    key: str,
    owned_as: str,
    spec: PropertySpec,
    prop: Property,
    entry: DatabaseEntry,
    options: PlanOptions,
) -> Iterator[Finding]:
    """Compare the options that a template states with those that exist."""
    if not isinstance(spec, OptionsProperty) or not isinstance(prop.config, OptionsConfig):
        return
    findings: list[Finding] = []
    for each in spec.options:
        findings += _Comparison(database, key, owned_as, each, prop, entry, options).findings()
    ours = set(entry.options.values())
    findings = [_timed(each, findings, spec, prop.config.options, ours) for each in findings]
    adding = [
        each
        for each in findings
        if isinstance(each, Change) and (each.action == "create" or each.replacement)
    ]
    crowded = len(prop.config.options) + len(adding) > _MOST_AT_ONCE
    yield from (_crowded(each) if crowded and each in adding else each for each in findings)
    yield from removed_options(database, key, owned_as, spec, prop, entry, prune=options.prune)


def _timed(
    finding: Finding,
    others: Sequence[Finding],
    spec: OptionsProperty,
    options: Sequence[Option],
    ours: Collection[str],
) -> Finding:
    """Tell what can be added only once another option is gone that has its name; one that stays is in the way."""
    if not isinstance(finding, Change) or (
        finding.replacement is None and finding.action != "create"
    ):
        return finding
    swap = finding.replacement or _plain(spec, finding)
    going = [
        each.replacement.source
        for each in others
        if isinstance(each, Change) and each.replacement and each.replacement.source
    ]
    taken = find_option_named(options, swap.target.name)
    if find_option_named(going, swap.target.name) is not None:
        return replace(finding, replacement=replace(swap, deferred=True))
    mine = {each.id for each in (swap.source, swap.placeholder) if each}
    if (
        taken is not None
        and taken.id in ours
        and taken.id not in mine
        and finding.reason != _RESUMED
    ):
        reason = f"another option of the template is called {taken.name!r} in Notion"
        return replace(
            finding,
            reason=reason,
            change_class="blocked",
            details=("Rename that one first.",),
            replacement=None,
        )
    return finding


def _plain(spec: OptionsProperty, finding: Change) -> OptionReplacement:
    """Return a new option as one that nothing gives way to."""
    option = spec.option(finding.address.rpartition(".")[2])
    assert option is not None, "it is of the template"
    return OptionReplacement(option.key, new_option(option))


def _crowded(finding: Finding) -> Finding:
    assert isinstance(finding, Change)
    reason = f"the property would have more than {_MOST_AT_ONCE} options, which Notion does not take at once"
    return replace(
        finding,
        reason=reason,
        change_class="blocked",
        details=("Add it by hand in Notion.",),
        replacement=None,
    )


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One option of the template beside the one that exists."""

    database: str
    key: str
    owned_as: str
    spec: OptionSpec
    prop: Property
    entry: DatabaseEntry
    options: PlanOptions

    def findings(self) -> Iterator[Finding]:
        options = self._options
        found, stand_in = self._found, find_placeholder(options, self.spec.key)
        if found is None and stand_in is None:
            yield self._new()
            return
        if found is not None and self._place != self._place_now:
            yield self._change("update", f"its key was {self.spec.was!r}", facets={"adopt"})
        elif found is not None and self._place not in self.entry.options:
            reason = f"people have an option {found.name!r} already: taken over"
            yield self._change("update", reason, facets={"adopt"})
        becomes = self._becoming(found) if found else None
        if stand_in is not None:
            yield self._resumed(found, becomes, stand_in)
        elif (
            found is not None
            and becomes is not None
            and (becomes.name, becomes.color) != (found.name, found.color)
        ):
            yield self._swapped(found, becomes)
        elif found is not None and becomes is not None and becomes != replace(found, id=None):
            yield self._edited(found, becomes)
        if found is not None and becomes is not None:
            yield from self._drift(becomes)

    @property
    def _options(self) -> tuple[Option, ...]:
        return self.prop.config.options if isinstance(self.prop.config, OptionsConfig) else ()

    @property
    def _place(self) -> str:
        """Where the manifest has the option: under an earlier key where that is how it knows it."""
        before = f"{self.owned_as}.{self.spec.was}"
        known = self.entry.options
        return before if before in known and self._place_now not in known else self._place_now

    @property
    def _place_now(self) -> str:
        return f"{self.owned_as}.{self.spec.key}"

    @property
    def _found(self) -> Option | None:
        """The option that the template's is: the one that the manifest names, else one of the same name."""
        option_id = self.entry.options.get(self._place)
        by_id = (
            next((each for each in self._options if each.id == option_id), None)
            if option_id
            else None
        )
        others = {each for place, each in self.entry.options.items() if place != self._place}
        return by_id or find_option_named(
            (each for each in self._options if each.id not in others), self.spec.name
        )

    def _becoming(self, found: Option) -> Option:
        """What the option is to be: the template's where the template changed, and else as it is."""
        before, there, wanted = (
            last_written(self.entry, self._place),
            notion_option_facts(found),
            template_option_facts(self.spec),
        )

        def changed(facet: str) -> bool:
            mine, theirs = getattr(before, facet, None), getattr(there, facet)
            return before is not None and getattr(wanted, facet) != mine == theirs

        reset = self.options.reset_titles
        recolored = changed("color") or (reset and self.spec.color != "default")
        return Option(
            self.spec.name if reset or changed("name") else found.name,
            color=self.spec.color if recolored else found.color,
            group=wanted.group or found.group if changed("group") else found.group,
            description=self.spec.description if changed("description") else found.description,
        )

    def _new(self) -> Change:
        reason = (
            "was deleted in Notion: made again"
            if self._place in self.entry.options
            else "new in the template"
        )
        return self._change("create", reason, self.spec.name)

    def _swapped(self, found: Option, becomes: Option) -> Change:
        details = []
        if becomes.name != found.name:
            details.append(f"name: {found.name!r} becomes {becomes.name!r}")
        if becomes.color != found.color:
            details.append(f"colour: {found.color} becomes {becomes.color}")
        details.append("the pages move to a new option, for Notion cannot change one in place")
        if becomes.name != found.name:
            details.append("filters that people made with the old name have to be set anew")
        reason = (
            "put back as in the template"
            if self.options.reset_titles
            else "changed in the template"
        )
        swap = OptionReplacement(self.spec.key, becomes, found)
        return replace(
            self._change("update", reason, *details), change_class="slow", replacement=swap
        )

    def _resumed(self, found: Option | None, becomes: Option | None, stand_in: Option) -> Change:
        """Go on with a swap that was interrupted: the stand-in tells what it stands in for."""
        if becomes is None:
            name = stand_in.description or self.spec.name
            becomes = replace(stand_in, id=None, name=name, description=self.spec.description)
        differs = found is not None and (becomes.name, becomes.color) != (found.name, found.color)
        swap = OptionReplacement(self.spec.key, becomes, found if differs else None, stand_in)
        change = self._change("update", _RESUMED)
        return replace(change, change_class="slow", replacement=swap)

    def _edited(self, found: Option, becomes: Option) -> Change:
        facets = {
            each
            for each in ("group", "description")
            if getattr(becomes, each) != getattr(found, each)
        }
        details = [
            f"group: {becomes.group}" if each == "group" else each for each in sorted(facets)
        ]
        change = self._change(
            "update", "changed in the template", *details, facets={"options", *facets}
        )
        return replace(change, option_id=found.id or "")

    def _drift(self, becomes: Option) -> Iterator[Note]:
        where, wanted = (
            address(self.database, self.key, self.spec.key),
            template_option_facts(self.spec),
        )
        if becomes.name != self.spec.name:
            yield Note(
                where,
                f"is called {becomes.name!r} in Notion (template: {self.spec.name!r}); respected",
            )
        if self.spec.color not in {"default", becomes.color}:
            yield Note(
                where, f"is {becomes.color} in Notion (template: {self.spec.color}); respected"
            )
        if wanted.group and becomes.group and becomes.group != wanted.group:
            yield Note(
                where,
                f"is in the group {becomes.group!r} in Notion (template: {wanted.group!r}); {_REGROUP}",
            )

    def _change(
        self,
        action: Action,
        reason: str,
        *details: str,
        facets: frozenset[str] | set[str] = frozenset({"options"}),
    ) -> Change:
        where = address(self.database, self.key, self.spec.key)
        return Change(
            where, action, "option", reason, "safe", details, self.database, self.key, frozenset(facets),
            property_id=self.prop.id,
        )  # fmt: skip
