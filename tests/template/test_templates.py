"""Template files: what they may contain, and how problems are reported."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import jsonschema_rs
import pytest

from notion_pm.errors import TemplateInvalid, UsageError
from notion_pm.template import template_files, templates, yaml_lines
from notion_pm.template.dashboards import widget_rows
from notion_pm.template.json_schema import template_schema

_HEAD = """\
template: test
version: 1
title: Test
databases:
  features:
    title: Features
    properties:
      name: {type: title, title: Name}
"""


def _problems(tmp_path: Path, text: str, **files: str) -> list[str]:
    """Return the problems of a template, without the folder."""
    path = _written(tmp_path, text, **files)
    with pytest.raises(TemplateInvalid) as invalid:
        templates.load(str(path))
    return [str(each).removeprefix(f"{tmp_path}/") for each in invalid.value.problems]


def _written(tmp_path: Path, text: str, **files: str) -> Path:
    path = tmp_path / "t.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    for name, content in files.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    return path


def test_every_shipped_template_is_valid_and_matches_the_schema() -> None:
    schema = jsonschema_rs.validator_for(template_schema())
    for name, path in template_files.shipped_templates().items():
        assert templates.load(name).template.template == name
        assert (
            list(schema.iter_errors(yaml_lines.parse(path.read_text(encoding="utf-8")).data)) == []
        )


def test_the_product_template_brings_its_starter_rows_and_the_body_of_a_spec() -> None:
    product = templates.load("product")
    assert {key: len(rows) for key, rows in product.rows.items()} == {
        "vision": 13,
        "insights": 248,
        "features": 30,
    }
    assert "## Success metric" in product.bodies["features"]


def test_what_people_write_about_begins_with_questions() -> None:
    full = templates.load("full")
    assert set(full.bodies) == {
        "objectives",
        "opportunities",
        "features",
        "releases",
        "experiments",
        "decisions",
    }
    assert all(full.rows[key] for key in full.bodies), "starter rows show how a page begins"


def test_the_leadership_dashboard_shows_every_database_that_leadership_asks_about() -> None:
    full = templates.load("full").template
    shown = {database for row in widget_rows(full, ("vision", "leadership")) for database, _ in row}
    assert shown == {"features", "insights", "objectives", "customers", "releases", "experiments"}


def test_all_problems_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    text = """\
        template: Test
        version: one
        titel: Test
        databases:
          features:
            title: Features
            properties:
              name: {type: title, titel: Name, title: Name}
              status: {type: statuss, title: Status}
              size: {title: Size}
              kind: {type: select, title: Kind, options: [{key: a, name: "a, b", color: rot}]}
            views:
              board: {title: Board, type: board}
    """
    assert _problems(tmp_path, text) == [
        "t.yaml:1: `Test` cannot be a key. Keys consist of a-z, 0-9, _ and -, and start with a "
        "letter or digit.",
        "t.yaml:1: `title` is missing.",
        "t.yaml:2: version: should be a whole number, not `one`.",
        "t.yaml:3: unknown key `titel`. Did you mean `title`?",
        "t.yaml:8: unknown key `titel`. Did you mean `title`?",
        "t.yaml:9: unknown property type `statuss`. Did you mean `status`?",
        "t.yaml:10: features.properties.size: `type` is missing. Give the type of the property, "
        "such as rich_text.",
        "t.yaml:11: `a, b` contains a comma. Notion does not allow commas in option names.",
        "t.yaml:11: unknown value for `color`: `rot`. Possible: default, gray, brown, orange, "
        "yellow, green, blue, "
        "purple, pink, red.",
        "t.yaml:13: features.views.board: a board needs `group_by`.",
    ]


def test_references_are_checked_in_spite_of_unknown_keys(tmp_path: Path) -> None:
    text = (
        _HEAD
        + """\
      insights: {type: relation, title: Insights, to: insight}
      typo: {type: number, title: Typo, formt: euro}
  insights:
    title: Insights
    properties:
      name: {type: title, title: Name}
"""
    )
    assert _problems(tmp_path, text) == [
        "t.yaml:9: unknown database `insight`. Did you mean `insights`?",
        "t.yaml:10: unknown key `formt`. Did you mean `format`?",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "size: {type: number, title: Size, format: euros}",
            "unknown number format `euros`. Did you mean `euro`?",
        ),
        (
            "other: {type: rich_text, title: Name}",
            "two properties of features have the title 'Name'. Give each its own title.",
        ),
        (
            "self: {type: relation, title: Self, to: features, two_way: {key: back, title: Back}}",
            "a relation of a database to itself can only be one-way. Notion does not support it. "
            "Leave out `two_way`.",
        ),
        (
            "count: {type: rollup, title: Count, relation: name, property: name, function: count}",
            "`name` is a title. Here it must be one of: relation.",
        ),
        (
            """sum: {type: formula, title: Sum, expression: 'prop("Nme")'}""",
            "unknown property title `Nme`. Did you mean `Name`?",
        ),
        (
            """loop: {type: formula, title: Loop, expression: 'prop("Loop") + 1'}""",
            "it is computed from itself: features.loop -> features.loop.",
        ),
        (
            "kind: {type: select, title: Kind, options: [{key: a, name: A}, {key: b, name: a}]}",
            "a second option has the name `a`.",
        ),
        (
            "kind: {type: select, title: Kind, options: [{key: a, name: A, group: to_do}]}",
            "only a status has a group. Leave it out.",
        ),
        (
            "count: {type: rollup, title: Count, relation: nme, property: name, function: count}",
            "unknown property of features `nme`. Did you mean `name`?",
        ),
        (
            "many: {type: multi_select, title: Many, options: [{key: a, name: A, weight: 2}]}",
            "only the options of a select have a weight. Leave it out.",
        ),
        (
            "size: {type: number, title: Size, was: name}",
            "`name` is still a property of features. `was` is for a key that was removed.",
        ),
    ],
)
def test_invalid_properties(tmp_path: Path, line: str, problem: str) -> None:
    assert _problems(tmp_path, f"{_HEAD}      {line}\n") == [f"t.yaml:9: {problem}"]


def test_a_two_way_relation_to_itself_does_not_hide_other_problems(tmp_path: Path) -> None:
    both = """\
      self: {type: relation, title: Self, to: features, two_way: {key: back, title: Back}}
      size: {type: number, title: Size, format: euros}
"""
    assert [each.split(":")[1] for each in _problems(tmp_path, _HEAD + both)] == ["9", "10"]


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (
            "{title: V, type: board, group_by: stat}",
            "unknown property of features `stat`. Possible: name.",
        ),
        (
            "{title: V, type: list, group_by: name}",
            "features.views.v: a list has no `group_by`, only: board, chart, table.",
        ),
        (
            "{title: V, type: list, where: {nme: x}}",
            "unknown property of features `nme`. Did you mean `name`?",
        ),
        ("{title: V, type: list, sort: [{nme: ascending}]}", "unknown property of features `nme`."),
        (
            "{title: V, type: list, show: [nme]}",
            "unknown property of features `nme`. Did you mean `name`?",
        ),
        (
            "{title: V, type: chart}",
            "features.views.v: a chart needs `chart`: column, bar, line, donut or number.",
        ),
        (
            "{title: V, type: chart, chart: bar}",
            "features.views.v: a chart needs `group_by`, unless it is a single",
        ),
        (
            "{title: V, type: chart, chart: number, measure: {sum: name}}",
            "`name` is a title. Here it must be one of: ",
        ),
        (
            "{title: V, type: form, show: [name]}",
            "features.views.v: a form has no `show`, only: board, calendar,",
        ),
        (
            "{title: V, type: gallery, cover: name}",
            "`name` is a title. Here it must be one of: files.",
        ),
        ("{title: V, type: calendar, date: name}", "`name` is a title. Here it must be one of: "),
        (
            "{title: V, type: list, where: {name: {more_than: 3}}}",
            "`more_than` cannot be used with `name`, which is a title.",
        ),
        (
            "{title: V, type: list, quick: {nme: x}}",
            "unknown property of features `nme`. Did you mean `name`?",
        ),
        (
            "{title: V, type: list, quick: {name: [x, y]}}",
            "a quick filter takes one value of a title. Choose one.",
        ),
        (
            "{title: V, type: list, quick: {name: {contains: x, empty: false}}}",
            "a quick filter is one test. Put what always holds into `where`.",
        ),
        (
            "{title: V, type: form, quick: {name: x}}",
            "features.views.v: a form has no `quick`, only: board, calendar,",
        ),
        (
            "{title: V, type: dashboard}",
            "features.views.v: a dashboard needs `widgets`: rows of views, such as",
        ),
        (
            "{title: V, type: list, widgets: [[features.v]]}",
            "features.views.v: a list has no `widgets`, only: ",
        ),
        (
            "{title: V, type: dashboard, widgets: [[feature.v]]}",
            "unknown database `feature`. Did you mean `features`?",
        ),
        (
            "{title: V, type: dashboard, widgets: [[board]]}",
            "`board` is not the name of a view. Write `database.view`,",
        ),
        (
            "{title: V, type: dashboard, widgets: [[features.w]]}",
            "unknown view of features `w`. Possible: v.",
        ),
        (
            "{title: V, type: dashboard, widgets: [[features.v]]}",
            "a dashboard cannot be on a dashboard. List its",
        ),
    ],
)
def test_invalid_views(tmp_path: Path, view: str, problem: str) -> None:
    (found,) = _problems(tmp_path, f"{_HEAD}    views:\n      v: {view}\n")
    assert found.startswith(f"t.yaml:10: {problem}")


def test_a_view_can_be_on_one_dashboard_only(tmp_path: Path) -> None:
    views = """\
    views:
      v: {title: V, type: list}
      d: {title: D, type: dashboard, widgets: [[features.v, features.v]]}
      e:
        title: E
        type: dashboard
        widgets:
          - [features.v]
"""
    assert [each.partition(". ")[0] for each in _problems(tmp_path, f"{_HEAD}{views}")] == [
        "t.yaml:11: `features.v` is already on a dashboard",
        "t.yaml:16: `features.v` is already on a dashboard",
    ]


def test_a_dashboard_row_has_at_most_four_views(tmp_path: Path) -> None:
    widgets = f"[[{', '.join(5 * ['features.v'])}]]"
    (found,) = _problems(
        tmp_path, f"{_HEAD}    views:\n      v: {{title: V, type: dashboard, widgets: {widgets}}}\n"
    )
    assert found == "t.yaml:10: features.views.v.widgets.0: has 5 entries; the limit is 4."


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            """
      a: {type: relation, title: A, to: other, two_way: {key: name, title: Back}}""",
            "other already has a property `name`. The other side of a relation is not listed on "
            "the other database",
        ),
        (
            """
      a: {type: relation, title: A, to: other, two_way: {key: back, title: Back}}
      b: {type: relation, title: B, to: other, two_way: {key: back, title: Again}}""",
            "features.a already has the other side `back` on other.",
        ),
        (
            """
      a: {type: relation, title: A, to: other, two_way: {key: back, title: Name}}""",
            "two properties of other have the title 'Name'. Give each its own title.",
        ),
        (
            """
      a: {type: relation, title: A, to: other}
      r: {type: rollup, title: R, relation: a, property: nme, function: count}""",
            "unknown property of other `nme`. Did you mean `name`?",
        ),
        (
            """
    lock: name""",
            "`name` is a title. Here it must be one of: checkbox.",
        ),
        (
            """
    views:
      a: {title: V, type: list}
      b: {title: V, type: list}""",
            "two views have the title 'V'.",
        ),
    ],
)
def test_invalid_references_between_databases(tmp_path: Path, lines: str, problem: str) -> None:
    other = "  other:\n    title: Other\n    properties:\n      name: {type: title, title: Name}\n"
    (found,) = _problems(tmp_path, f"{_HEAD.rstrip()}{lines}\n{other}")
    assert found.partition(": ")[2].startswith(problem)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            "bind: Tasks\n    body: x.md",
            "t.yaml:10: tasks: a bound database is only read: leave out `body`.",
        ),
        (
            "bind: Tasks\nsync: {T1: {why: W, set: tasks.name, note: N}}",
            "t.yaml:15: tasks.name is in a bound database, which is only read. Use `propose: "
            "true`.",
        ),
    ],
)
def test_a_bound_database_is_only_read(tmp_path: Path, lines: str, problem: str) -> None:
    relation = "      tasks: {type: relation, title: Tasks, to: tasks}\n"
    bound = f"  tasks:\n    title: Tasks\n    properties:\n      name: {{type: title, title: Task}}\n    {lines}\n"
    assert problem in _problems(tmp_path, f"{_HEAD}{relation}{bound}")


def test_a_relation_to_a_bound_database_is_one_way(tmp_path: Path) -> None:
    relation = (
        "      tasks: {type: relation, title: Tasks, to: tasks, two_way: {key: f, title: F}}\n"
    )
    bound = "  tasks: {title: Tasks, bind: Tasks, properties: {name: {type: title, title: Task}}}\n"
    (found,) = _problems(tmp_path, f"{_HEAD}{relation}{bound}")
    assert found.startswith("t.yaml:9: a relation from or to a bound database can only be one-way.")


def test_databases_need_different_titles_and_exports_known_databases(tmp_path: Path) -> None:
    twin = "  twin:\n    title: Features\n    properties:\n      name: {type: title, title: Name}\n"
    assert _problems(tmp_path, _HEAD + twin) == [
        "t.yaml:10: two databases have the title 'Features'. Give each its own title."
    ]
    assert _problems(tmp_path, _HEAD + "exports:\n  e: {database: featurs}\n") == [
        "t.yaml:10: unknown database `featurs`. Did you mean `features`?"
    ]
    wrong = "exports:\n  e: {database: features, columns: [nme], where: {name: {category: done}}}\n"
    assert _problems(tmp_path, _HEAD + wrong) == [
        "t.yaml:10: `category` cannot be used with `name`, which is a title.",
        "t.yaml:10: unknown property of features `nme`. Did you mean `name`?",
    ]


def test_conditions_need_known_options(tmp_path: Path) -> None:
    status = "      s: {type: status, title: S, options: [{key: open, name: Open}]}\n"
    view = "    views:\n      v: {title: V, type: list, where: {s: {is: opn, category: dne}}}\n"
    assert _problems(tmp_path, _HEAD + status + view) == [
        "t.yaml:11: unknown category `dne`. Did you mean `done`?",
        "t.yaml:11: unknown option `opn`. Did you mean `open`?",
    ]


def test_a_rule_is_checked_in_the_same_report(tmp_path: Path) -> None:
    rule = "sync:\n  r: {why: Because., set: features.nme, to: x}\n"
    (problem,) = _problems(tmp_path, _HEAD + rule)
    assert problem.startswith("t.yaml:10: ")


def test_rows_are_checked_cell_by_cell(tmp_path: Path) -> None:
    text = (
        _HEAD
        + """\
      status: {type: status, title: Status, options: [{key: open, name: Open}]}
      size: {type: number, title: Size}
      due: {type: date, title: Due}
      after: {type: relation, title: After, to: features}
      made: {type: created_time, title: Made}
    rows: rows.csv
"""
    )
    rows = (
        "key,name,status,size,due,after,made,sise\n"
        'a,"A\nin two lines",Opened,1.5,2026-11-22,,,\n'
        "b,B,open,many,22.11.2026,c;x,,\n"
        "b,,,,,,now,\n"
    )
    assert _problems(tmp_path, text, rows=rows) == [
        "rows.csv:1: unknown column `sise`. Did you mean `size`?",
        "rows.csv:2: `status`: unknown option `Opened`. Did you mean `open`?",
        "rows.csv:4: `after`: features has no row `c`. Possible: a, b.",
        "rows.csv:4: `after`: features has no row `x`. Possible: a, b.",
        "rows.csv:4: `due`: `22.11.2026` is not a date. Write it like 2026-11-22, a span as "
        "2026-11-22/2026-11-30.",
        "rows.csv:4: `size`: `many` is not a number. Write it like 1250 or 0.8.",
        "rows.csv:5: `made`: starter rows cannot fill a property of type created_time. Leave the "
        "column out.",
        "rows.csv:5: `name` is empty: the row has no title.",
        "rows.csv:5: the key `b` is already used in line 4.",
    ]


def test_only_one_side_of_a_relation_may_be_filled_in(tmp_path: Path) -> None:
    text = (
        _HEAD
        + """\
      after: {type: relation, title: After, to: steps, two_way: {key: before, title: Before}}
    rows: rows.csv
  steps:
    title: Steps
    properties:
      name: {type: title, title: Name}
    rows: steps.csv
"""
    )
    rows, steps = "key,name,after\na,A,s\n", "key,name,before\ns,S,a\n"
    assert _problems(tmp_path, text, rows=rows, steps=steps) == [
        "steps.csv:2: `before`: its other side, `after` of features, has values too. "
        "Fill in one side; Notion fills in the other."
    ]


def test_files_of_a_template_must_exist_in_its_folder(tmp_path: Path) -> None:
    text = _HEAD + "    body: ../../secret.md\n    rows: rows.csv\n"
    assert _problems(tmp_path, text) == [
        "t.yaml:9: `../../secret.md` is outside the template's folder. Move it next to the "
        "template.",
        f"t.yaml:10: there is no file {tmp_path}/rows.csv. Paths are relative to the template.",
    ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("name\nA\n", "rows.csv:1: there is no column `key`. The first line names the columns"),
        ("key,name\na,A,B\n", "rows.csv:2: 3 cells, but the first line has 2 columns."),
        ('key,name\na,"A" B\n', "rows.csv:2: this is not CSV: "),
    ],
)
def test_invalid_rows_files(tmp_path: Path, rows: str, problem: str) -> None:
    assert _problems(tmp_path, f"{_HEAD}    rows: rows.csv\n", rows=rows)[0].startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "t.yaml:1: the file is empty."),
        ("template: [a", "t.yaml:1: this is not YAML: while parsing a flow sequence"),
        ("- a\n- b\n", "t.yaml:1: should be a mapping (`key: value`)"),
        (f"{_HEAD}title: Again\n", "t.yaml:9: `title` is here a second time (first in line 3)"),
        (
            "template: !python/object:os.system x\n",
            "t.yaml:1: this is not YAML: could not determine a constructor",
        ),
    ],
)
def test_a_file_that_is_not_a_template(tmp_path: Path, text: str, problem: str) -> None:
    assert _problems(tmp_path, text)[0].startswith(problem)


def test_variables_are_filled_in_from_the_command_line_or_their_default(tmp_path: Path) -> None:
    text = _HEAD.replace("title: Test", 'title: "{{ client }} in {{ year }}"').replace(
        "databases:",
        "variables:\n  client: {prompt: Client, default: Acme}\n  year: {prompt: Year}\ndatabases:",
    )
    loaded = templates.load(str(_written(tmp_path, text)), {"year": "2026"})
    assert loaded.template.title == "Acme in 2026"
    assert loaded.variables == {"client": "Acme", "year": "2026"}
    problems = _problems(tmp_path, text)
    assert problems[-1] == (
        "t.yaml:6: the variable `year` has no value. Set it with --set year=VALUE, or add a "
        "`default` in the template."
    )


def test_variables_cannot_reach_into_the_program(tmp_path: Path) -> None:
    text = _HEAD.replace("title: Test", "title: \"{{ ''.__class__.__mro__ }}\"")
    (problem,) = _problems(tmp_path, text)
    assert problem.startswith(
        "t.yaml:3: cannot fill in the variables: only variables are allowed, not getattr."
    )


@pytest.mark.parametrize(
    ("title", "problem"),
    [
        ("{{ 'a' * 10 ** 9 }}", "only variables are allowed, not mul."),
        ("{% for i in range(99999) %}x{% endfor %}", "only variables are allowed, not for."),
        ("{{ client | center(1000000000) }}", "the filter 'center' is not allowed, only "),
        ("{{ nosuch }}", "'nosuch' is undefined. Known variables: none."),
    ],
)
def test_texts_may_contain_only_variables(tmp_path: Path, title: str, problem: str) -> None:
    (found, *_) = _problems(
        tmp_path, f'template: t\nversion: 1\ntitle: "{title}"\ndatabases: {{}}\n'
    )
    assert found.startswith(f"t.yaml:3: cannot fill in the variables: {problem}")


def test_aliases_of_aliases_are_refused_quickly(tmp_path: Path) -> None:
    bomb = "".join(
        f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 9)}]\n" for level in range(1, 10)
    )
    (found, *_) = _problems(tmp_path, f"x0: &x0 [a]\n{bomb}")
    assert "aliases repeat too much of it" in found


def test_an_unknown_template_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as error:
        templates.load("prodct")
    assert "Did you mean `product`?" in error.value.advice


def test_a_folder_can_be_a_template(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "template.yaml").write_text(_HEAD, encoding="utf-8")
    assert templates.load(str(folder)).template.template == "test"


def test_dates_stay_text(tmp_path: Path) -> None:
    assert yaml_lines.parse("due: 2026-11-22").data == {"due": "2026-11-22"}


def test_the_example_in_the_guide_is_a_valid_template(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    example = document.partition("```yaml\n")[2].partition("```")[0]
    loaded = templates.load(str(_written(tmp_path, example)))
    assert loaded.template.title == "Acme product"


def test_the_guide_lists_every_property_type() -> None:
    document = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    definitions = template_schema()["$defs"]
    types = [
        each["properties"]["type"]
        for name, each in definitions.items()
        if name.endswith("Property")
    ]
    for kind in [name for each in types for name in each.get("enum", [each.get("const")])]:
        assert f"`{kind}`" in document


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("template: product", "product"),
        ("version: 1\n'template': \"a b\"  # why", "a b"),
        ("{template: flow}", "flow"),
        ("x: {template: inner}\ny: template\ntemplate: own", "own"),
        ("template: first\nfarther on: [unsound", "first"),
        ("template: [1]", None),
        ("x: {template: inner}", None),
        ("x: [unsound", None),
        ("", None),
    ],
)
def test_a_templates_name_is_read_without_the_rest(text: str, name: str | None) -> None:
    assert yaml_lines.text_at_top(text, "template") == name


def test_a_single_value_for_a_list_gets_an_example(tmp_path: Path) -> None:
    view = "{title: V, type: table, sort: due}"
    (problem,) = _problems(tmp_path, f"{_HEAD}    views:\n      v: {view}\n")
    assert "should be a list" in problem
    assert "For example: sort: [{due: ascending}]" in problem


def test_a_view_cannot_be_sorted_by_a_formula(tmp_path: Path) -> None:
    text = """
        template: small
        version: 1
        title: Small
        databases:
          features:
            title: Features
            properties:
              name: {type: title, title: Name}
              twice: {type: formula, title: Twice, expression: 1 + 1}
            views:
              all: {title: All, type: table, sort: [{twice: descending}]}
        """
    (tmp_path / "small.yaml").write_text(dedent(text), encoding="utf-8")
    with pytest.raises(TemplateInvalid, match="`twice` is a formula"):
        templates.load(str(tmp_path / "small.yaml"))
