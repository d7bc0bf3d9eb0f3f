from __future__ import annotations

from typing import get_args

import pytest

from notion_pm.model import cells, property_types
from notion_pm.model.template import (
    FormulaProperty,
    NumberProperty,
    OptionsProperty,
    PlainProperty,
    RelationProperty,
    RollupProperty,
    UniqueIdProperty,
)


@pytest.mark.parametrize(
    "model",
    [
        PlainProperty,
        NumberProperty,
        OptionsProperty,
        RelationProperty,
        RollupProperty,
        FormulaProperty,
        UniqueIdProperty,
    ],
)
def test_every_type_of_a_template_is_in_the_table(model: type[PlainProperty]) -> None:
    assert set(get_args(model.model_fields["type"].annotation)) <= property_types.PROPERTY_TYPES


def test_every_set_names_types_of_the_table() -> None:
    sets = [
        value
        for name, value in vars(property_types).items()
        if isinstance(value, frozenset) and name != "ROLLUP_FUNCTIONS"
    ]
    assert len(sets) > 10
    assert all(types <= property_types.PROPERTY_TYPES for types in sets)


def test_starter_rows_have_a_parser_for_each_type_that_is_filled_from_text() -> None:
    with_parser = cells.TEXT_PARSERS.keys() | property_types.OPTION_TYPES | {"relation"}
    assert with_parser == property_types.TYPES_FILLED_FROM_TEXT


def test_a_property_that_notion_fills_in_is_read_only() -> None:
    assert property_types.DERIVED_TYPES < property_types.READ_ONLY_TYPES
    assert property_types.COMPUTED_TYPES < property_types.DERIVED_TYPES
    assert not property_types.READ_ONLY_TYPES & property_types.TYPES_FILLED_FROM_TEXT
    assert "unique_id" not in property_types.DERIVED_TYPES, "its numbers cannot be derived again"
    assert "verification" not in property_types.READ_ONLY_TYPES, "people verify a page"
