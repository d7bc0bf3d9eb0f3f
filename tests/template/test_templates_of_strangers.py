"""Hostile templates are refused quickly, with file and line, and read no other files."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from textwrap import dedent

import pytest

from notion_pm.errors import FileUnusable, NotionPmError, TemplateInvalid, UsageError
from notion_pm.template import templates, yaml_lines

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
_SECONDS = 3
"""Seconds of the processor: other tests run beside this one."""


def _problems(path: Path) -> list[str]:
    began = time.process_time()
    with pytest.raises(TemplateInvalid) as invalid:
        templates.load(str(path))
    assert time.process_time() - began < _SECONDS
    return [str(each) for each in invalid.value.problems]


def _template(folder: Path, text: str, name: str = "t.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8", errors="surrogatepass")
    return path


def _bomb(use: str) -> str:
    levels = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 10))
    return f"x0: &x0 [a]\n{levels}{use}\n"


@pytest.mark.parametrize(
    "text",
    [
        _bomb("x: *x9"),
        _bomb("? *x9\n: 1"),
        _bomb("? [*x9]\n: 1"),
        "x: &a [*a]",
        "x: &a {b: *a}",
        "x: " + "[" * 10_000,
        "x: " + "{a: " * 10_000,
        "".join(f"{' ' * level}a:\n" for level in range(900)),
        "version: " + "9" * 6000,
        "version: -" + "9" * 60,
        "version: 0x" + "f" * 100_000,
        "version: " + "1:" * 100_000 + "1",
        "? " + "9" * 6000 + "\n: 1",
        "x: !!int abc",
        "x: !!float abc",
        "x: !!bool perhaps",
        "x: !!timestamp abc",
        "x: !!binary aaaa",
        "x: 0b_",
        "x: .inf",
        "x: .nan",
        "x: !!python/object/apply:os.system [id]",
        "x: {<<: {a: 1}}",
        "? {a: b}\n: c",
        'x: "\\ud800"',
        'x: "\\0"',
        "x: \x01",
        "%YAML 1." + "9" * 6000 + "\n---\nx: 1",
        "x: [" + "1," * 100_000 + "1]",
    ],
)
def test_yaml_that_is_not_a_template_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = _template(tmp_path, text)
    assert any(each.startswith(str(path)) for each in _problems(path))


def test_a_file_with_many_problems_makes_a_short_report(tmp_path: Path) -> None:
    path = _template(tmp_path, _HEAD + "".join(f"x{number}: 1\n" for number in range(9_000)))
    began = time.process_time()
    with pytest.raises(TemplateInvalid) as invalid:
        templates.load(str(path))
    assert time.process_time() - began < _SECONDS
    assert len(str(invalid.value).splitlines()) < 150


def test_a_value_in_a_report_is_cut(tmp_path: Path) -> None:
    path = _template(tmp_path, _HEAD + "x" * 100_000 + ": 1\n")
    with pytest.raises(TemplateInvalid) as invalid:
        templates.load(str(path))
    assert len(str(invalid.value)) < 5_000


@pytest.mark.parametrize("key", ["body", "rows"])
@pytest.mark.parametrize(
    "kind", ["fifo", "socket", "folder", "large", "device", "outside", "absolute", "nul", "loop"]
)
def test_files_outside_the_template_folder_are_not_read(
    tmp_path: Path, key: str, kind: str
) -> None:
    named = tmp_path / "in" / "x"
    path = _template(tmp_path / "in", _HEAD + f"    {key}: x\n")
    match kind:
        case "fifo":
            os.mkfifo(named)
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(named))
        case "folder":
            named.mkdir()
        case "large":
            with named.open("wb") as file:
                file.truncate(5 * 1024**3)
        case "device":
            named.symlink_to("/dev/zero")
        case "outside":
            (tmp_path / "secret").write_text("token")
            named.symlink_to(tmp_path / "secret")
        case "absolute":
            path.write_text(_HEAD + f"    {key}: /etc/hostname\n")
        case "nul":
            path.write_text(_HEAD + f'    {key}: "a\\0b"\n')
        case "loop":
            named.symlink_to(named)
    assert any(each.startswith(f"{path}:") for each in _problems(path))


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "large", "long name"])
def test_only_regular_files_are_templates(tmp_path: Path, kind: str) -> None:
    named = tmp_path / "t.yaml"
    match kind:
        case "fifo":
            os.mkfifo(named)
        case "device":
            named = Path("/dev/zero")
        case "folder":
            named.mkdir()
        case "large":
            with named.open("wb") as file:
                file.truncate(5 * 1024**3)
        case "long name":
            named = tmp_path / ("x" * 5000)
    for act in (templates.load, templates.name_of):
        with pytest.raises((FileUnusable, UsageError, TemplateInvalid)):
            act(str(named))


def test_a_file_that_is_extended_many_times_is_read_once(tmp_path: Path) -> None:
    depth = 20
    for level in range(depth):
        for side in "ab":
            below = (
                f"extends: [a{level + 1}.yaml, b{level + 1}.yaml]\n" if level < depth - 1 else ""
            )
            _template(
                tmp_path,
                f"template: t\nversion: 1\n{below}titel: {side}{level}\n",
                f"{side}{level}.yaml",
            )
    problems = _problems(tmp_path / "a0.yaml")
    assert len(problems) < 200


def test_two_bases_may_extend_the_same_template(tmp_path: Path) -> None:
    _template(tmp_path, _HEAD, "base.yaml")
    for side in ("left", "right"):
        _template(tmp_path, f"template: {side}\nversion: 1\nextends: base.yaml\n", f"{side}.yaml")
    top = _template(tmp_path, "template: top\nversion: 1\nextends: [left.yaml, right.yaml]\n")
    assert list(templates.load(str(top)).template.databases) == ["features"]


def test_templates_in_a_circle_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        _template(
            tmp_path, f"template: {name}\nversion: 1\nextends: {other}.yaml\n", f"{name}.yaml"
        )
    assert any("extends this template too" in each for each in _problems(tmp_path / "a.yaml"))


def test_many_small_files_cannot_add_up(tmp_path: Path) -> None:
    for number in range(40):
        following = f"extends: t{number + 1}.yaml\n" if number < 39 else ""
        _template(
            tmp_path,
            f"template: t\nversion: 1\n{following}x: [{'1,' * 5_000}1]\n",
            f"t{number}.yaml",
        )
    assert _problems(tmp_path / "t0.yaml")


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.yaml",
        "../other/secret.yaml",
        "{outside}/secret.yaml",
        "link.yaml",
        "linked/secret.yaml",
        "/etc/passwd",
        "/dev/zero",
        "~/secret.yaml",
        "fifo.yaml",
        "x" * 5000,
    ],
)
def test_a_template_extends_nothing_outside_its_folder(tmp_path: Path, reference: str) -> None:
    secret = "token: ntn_secret\n"
    inside = tmp_path / "in"
    inside.mkdir()
    for each in (tmp_path, tmp_path / "other"):
        _template(each, secret, "secret.yaml")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "linked").symlink_to(tmp_path / "other")
    os.mkfifo(inside / "fifo.yaml")
    path = _template(inside, _HEAD + f"extends: {reference.format(outside=tmp_path)}\n")
    problems = _problems(path)
    assert any(each.startswith(f"{path}:9: ") for each in problems)
    assert "ntn_secret" not in "".join(problems)


def test_template_folders_next_to_each_other_are_a_library(tmp_path: Path) -> None:
    _template(tmp_path / "base", _HEAD, "template.yaml")
    own = _template(
        tmp_path / "own", "template: own\nversion: 1\nextends: ../base\n", "template.yaml"
    )
    assert list(templates.load(str(own)).template.databases) == ["features"]


@pytest.mark.parametrize("text", ["\ud800", "a: \ud800"])
def test_half_characters_are_reported(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotionPmError):
        templates.load(str(_template(tmp_path, text)))
    assert yaml_lines.parse(text).problems
