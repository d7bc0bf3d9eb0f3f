"""Templates that extend others: what is merged, replaced, and reported."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import jsonschema_rs
import pytest

from notion_pm.errors import TemplateInvalid
from notion_pm.model.template import LoadedTemplate
from notion_pm.template import templates, yaml_lines
from notion_pm.template.json_schema import template_schema

_BASE = """\
template: base
version: 3
title: Base
databases:
  features:
    title: Features
    icon: "🧩"
    rows: rows/features.csv
    properties:
      name: {type: title, title: Name}
      size: {type: number, title: Size, format: number, description: In weeks.}
      twice: {type: number, title: Twice}
      kind: {type: select, title: Kind, options: [{key: a, name: A}]}
    views:
      all: {title: All, type: table, sort: [{size: ascending}], where: {kind: a}}
sync:
  double:
    why: It is twice the size.
    set: features.twice
    value: {formula: size * 2}
"""
_HEAD = "template: own\nversion: 1\nextends: base.yaml\n"


def _load(folder: Path, text: str) -> LoadedTemplate:
    (folder / "parts" / "rows").mkdir(parents=True, exist_ok=True)
    (folder / "parts" / "base.yaml").write_text(_BASE)
    (folder / "parts" / "rows" / "features.csv").write_text("key,name\none,One\n")
    (folder / "t.yaml").write_text(_HEAD.replace("base.yaml", "parts/base.yaml") + dedent(text))
    return templates.load(str(folder / "t.yaml"))


def _problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(TemplateInvalid) as invalid:
        _load(folder, text)
    return [
        str(each).removeprefix(f"{folder}/parts/").removeprefix(f"{folder}/")
        for each in invalid.value.problems
    ]


def test_a_template_adds_to_what_it_extends(tmp_path: Path) -> None:
    loaded = _load(
        tmp_path,
        """
        databases:
          features:
            properties:
              size: {title: Weeks}
              due: {type: date, title: Due}
            views:
              all: {where: {size: {at_least: 1}}}
          people:
            title: People
            properties: {name: {type: title, title: Name}}
        """,
    )
    own = loaded.template
    features = own.databases["features"]
    assert (own.template, own.version, own.title, list(own.databases)) == (
        "own",
        1,
        "Base",
        ["features", "people"],
    )
    assert list(features.properties) == ["name", "size", "twice", "kind", "due"]
    assert (features.properties["size"].title, features.properties["size"].description) == (
        "Weeks",
        "In weeks.",
    )
    assert list(features.views["all"].where) == ["size"], "a condition is replaced as a whole"
    assert [row.key for row in loaded.rows["features"]] == ["one"], (
        "rows are beside the file that names them"
    )


def test_null_removes(tmp_path: Path) -> None:
    own = _load(
        tmp_path,
        """
        databases:
          features:
            rows: null
            properties: {kind: null}
            views: {all: {where: null}}
        sync: {double: null}
        """,
    )
    features = own.template.databases["features"]
    assert "kind" not in features.properties
    assert (features.views["all"].where, own.rows, own.template.sync) == ({}, {}, {})


def test_a_property_of_another_type_is_replaced(tmp_path: Path) -> None:
    own = _load(
        tmp_path,
        "databases: {features: {properties: {size: {type: rich_text, title: Size}}}}\nsync: null\n",
    )
    size = own.template.databases["features"].properties["size"]
    assert (size.type, size.description) == ("rich_text", None)


def test_a_problem_is_reported_in_the_file_that_has_it(tmp_path: Path) -> None:
    text = """
        databases:
          features:
            properties:
              name: null
              label: {type: title, titel: Label}
              nothing: null
        """
    assert _problems(tmp_path, text) == [
        "t.yaml:9: features.properties.label: `title` is missing.",
        "t.yaml:9: unknown key `titel`. Did you mean `title`?",
        "t.yaml:10: `nothing` should be removed, but does not exist. Possible: size, twice, kind, "
        "label.",
    ]
    assert _problems(tmp_path, "databases: {features: {properties: {kind: null}}}\n") == [
        "base.yaml:15: unknown property of features `kind`. Possible: name, size, twice."
    ]


@pytest.mark.parametrize(
    ("extends", "problem"),
    [
        (
            "produkt",
            "t.yaml:3: there is no template `produkt`. Did you mean `product`? Or give a path "
            "relative to",
        ),
        (
            "t.yaml",
            "t.yaml:3: t.yaml extends this template too, so they form a circle.",
        ),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, extends: str, problem: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(f"template: t\nversion: 1\nextends: {extends}\ntitle: T\ndatabases: {{}}\n")
    with pytest.raises(TemplateInvalid) as invalid:
        templates.load(str(path))
    (found,) = invalid.value.problems
    assert str(found).removeprefix(f"{tmp_path}/").startswith(problem)


def test_a_template_can_extend_several_templates(tmp_path: Path) -> None:
    part = "databases: {more: {title: More, properties: {name: {type: title, title: Name}}}}\n"
    (tmp_path / "part.yaml").write_text(part)
    path = tmp_path / "t.yaml"
    path.write_text("template: t\nversion: 1\nextends: [product, part.yaml]\n")
    assert list(templates.load(str(path)).template.databases) == [
        "vision",
        "insights",
        "features",
        "more",
    ]


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("databases: {features: {properties: {size: {title: Weeks}, kind: null}}}", True),
        ("databases: {features: {properties: {size: {titel: Weeks}}}}", False),
        ("sync: {double: null}\nexports: {x: {columns: [name]}}", True),
        ("databases: {features: {view: {}}}", False),
    ],
)
def test_the_schema_accepts_partial_templates(text: str, *, sound: bool) -> None:
    schema = jsonschema_rs.validator_for(template_schema())
    assert schema.is_valid(yaml_lines.parse(_HEAD + text).data) is sound
