"""Whatever a file or an argument holds: words and a documented exit code, within 5 seconds and 300
MB.

NOTION_PM_STRANGERS says how many examples of each kind are tried (default 1). A failure prints the
seed; the file stays in the folder of the test.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.program import Program
from tests.support.strangers import (
    HOSTILE,
    REPOSITORY,
    SNIPPETS,
    Ended,
    Worker,
    as_csv,
    as_json,
    as_yaml,
    changed,
    torn,
)

EXAMPLES = int(os.environ.get("NOTION_PM_STRANGERS", "1"))
SECONDS = 5
MEGABYTES = 300
EXIT_CODES = frozenset(range(6))

MAP = {
    "source": "Ours", "into": "insights", "key": {"from": "Id", "part": "([0-9]+)"},
    "fill": {
        "name": "Title", "quote": {"from": ["Text", "More"], "text": "html", "length": 500},
        "observed_on": {"from": "Day", "date": "%Y-%m-%d"}, "tags": {"from": "Tags", "split": ";"},
        "kind": {"from": "Kind", "words": {"bug": "problem", "idea": None}, "new": False},
        "source_url": {"value": "https://x/{Id}"}, "importance": "Weight",
    },
    "body": {"from": "Text", "text": "jira"}, "only": {"Kind": ["bug", "idea"]}, "without": "Skip", "repeats": "first",
}  # fmt: skip
HEADER: list[Any] = ["Id", "Title", "Text", "More", "Day", "Tags", "Kind", "Weight", "Skip"]
ROWS: list[list[Any]] = [
    HEADER,
    *(
        [str(n), f"T{n}", f"<p>a &amp; b {n}</p>", "", f"2026-01-{n:02}", "a;b", "bug", n, ""]
        for n in range(1, 9)
    ),
]
OBJECTS: list[dict[str, Any]] = [
    {**dict(zip(HEADER, row, strict=True)), "user": {"login": "ann", "tags": ["x", "y"]}}
    for row in ROWS[1:]
]
CONFIG = """\
default = "acme"
state = "state"
[workspaces.acme]
local = "w.sqlite"
template = "product"
time_zone = "Europe/Berlin"
budget = 100
[workspaces.b]
local = "b.sqlite"
"""


class Bench:
    """A workspace that was provisioned and synced, and a worker that tries files on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = Program(folder)
        assert program("--local", "w.sqlite", "apply", "product", "--yes").code == 0
        assert program("--local", "w.sqlite", "sync").code == 0
        assert program("--local", "w.sqlite", "plan", "full", "-o", "plan.json").code == 0
        assert program("--local", "w.sqlite", "adopt", "product", "-o", "adopt.yaml").code in (0, 1)
        (folder / "map.yaml").write_bytes(as_yaml(MAP))
        (folder / "rows.csv").write_bytes(as_csv(ROWS))
        shutil.copy(folder / "w.sqlite", folder / "kept.sqlite")
        self.plan = json.loads((folder / "plan.json").read_text())
        self.worker = Worker(folder)

    def run(self, *arguments: str) -> Ended:
        """Run the program, and assert what holds of every run."""
        ended = self.worker(*arguments)
        told = f"notion-pm {arguments}: exit {ended.code}\n{ended.out[-600:]}{ended.err[-600:]}\n{ended.crash}"
        assert not ended.crash, told
        assert (
            "Traceback" not in ended.err
            and "Internal error in notion-pm" not in ended.out + ended.err
        ), told
        assert ended.code in EXIT_CODES, told
        assert ended.seconds < SECONDS, f"{ended.seconds:.1f} seconds: {told}"
        assert ended.megabytes < MEGABYTES, f"{ended.megabytes} MB: {told}"
        if ended.code == 1:
            assert ended.err.strip() or ended.out.strip(), told
        return ended

    def local(self, *arguments: str) -> Ended:
        """Run the program on the workspace."""
        return self.run("--local", "w.sqlite", *arguments)

    def copy(self, *arguments: str) -> Ended:
        """Run the program on a copy of the workspace: some changed files are still valid, and are
        carried out.
        """
        for each in self.folder.glob("copy.sqlite*"):
            each.unlink()
        shutil.copy(self.folder / "kept.sqlite", self.folder / "copy.sqlite")
        return self.run("--local", "copy.sqlite", *arguments)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("strangers"))
    yield made
    made.worker.close()


def template(bench: Bench, chance: Random) -> None:
    name = chance.choice(
        ["product.yaml", "discovery.yaml", "full.yaml", "okrs.yaml", "parts/objectives.yaml"]
    )
    source = (REPOSITORY / "templates" / name).read_bytes()
    shutil.copytree(REPOSITORY / "templates", bench.folder / "t", dirs_exist_ok=True)
    data = (
        torn(source, chance)
        if chance.random() < 0.3
        else as_yaml(changed(yaml.safe_load(source), chance))
    )
    (bench.folder / "t" / "x.yaml").write_bytes(data)
    command = chance.choice(["validate", "show", "docs"])
    bench.run("templates", command, "t/x.yaml")
    bench.local("plan", "t/x.yaml")


def rows_of_a_template(bench: Bench, chance: Random) -> None:
    shutil.copytree(REPOSITORY / "templates", bench.folder / "r", dirs_exist_ok=True)
    for name in ("product/features.csv", "product/vision.csv", "product/spec.md"):
        (bench.folder / "r" / name).write_bytes(
            torn((REPOSITORY / "templates" / name).read_bytes(), chance)
        )
    bench.local("plan", "r/product.yaml")


def map_(bench: Bench, chance: Random) -> None:
    data = torn(as_yaml(MAP), chance) if chance.random() < 0.3 else as_yaml(changed(MAP, chance))
    (bench.folder / "m.yaml").write_bytes(data)
    bench.local("import", "rows.csv", "--map", "m.yaml", "--dry-run")


def table(bench: Bench, chance: Random) -> None:
    data = (
        torn(as_csv(ROWS), chance)
        if chance.random() < 0.5
        else as_csv(_rows(changed(ROWS, chance)))
    )
    (bench.folder / "x.csv").write_bytes(data)
    bench.local("import", "x.csv", "--map", "map.yaml", "--dry-run")


def _rows(data: Any) -> list[list[Any]]:
    return data if isinstance(data, list) else [[data]]


def json_document(bench: Bench, chance: Random) -> None:
    data = changed({"items": OBJECTS} if chance.random() < 0.5 else OBJECTS, chance)
    text = torn(as_json(data), chance) if chance.random() < 0.3 else as_json(data)
    suffix = chance.choice(["json", "jsonl"])
    if suffix == "jsonl":
        text = b"\n".join(as_json(changed(each, chance)) for each in OBJECTS)
    (bench.folder / f"x.{suffix}").write_bytes(text)
    bench.local("import", f"x.{suffix}", "--map", "map.yaml", "--dry-run")
    bench.local("import", f"x.{suffix}", "--map", f"proposed{chance.random()}.yaml", "--dry-run")


def plan(bench: Bench, chance: Random) -> None:
    data = (
        torn(as_json(bench.plan), chance)
        if chance.random() < 0.3
        else as_json(changed(bench.plan, chance))
    )
    (bench.folder / "p.json").write_bytes(data)
    bench.copy("apply", "p.json")


def adopt_mapping(bench: Bench, chance: Random) -> None:
    path = bench.folder / "adopt.yaml"
    source = (
        path.read_bytes()
        if path.exists()
        else b"adopt: product\ndatabases:\n  features:\n    database: x\n"
    )
    data = (
        torn(source, chance)
        if chance.random() < 0.3
        else as_yaml(changed(yaml.safe_load(source), chance))
    )
    (bench.folder / "a.yaml").write_bytes(data)
    bench.copy("adopt", "--apply", "a.yaml")


def message(bench: Bench, chance: Random) -> None:
    source = b"Hello {{ contact or customer }},\n{% for ask in asks %}{{ ask.quote }}{% endfor %}\n"
    (bench.folder / "message.txt").write_bytes(torn(source, chance))
    bench.local("loop", "--message", "message.txt")


def settings_file(bench: Bench, chance: Random) -> None:
    lines = CONFIG.splitlines()
    for _ in range(chance.randint(0, 2)):
        place = chance.randrange(len(lines))
        name = lines[place].partition("=")[0]
        lines[place] = (
            f"{name}= {json.dumps(str(chance.choice(HOSTILE)))}"
            if "=" in lines[place]
            else lines[place]
        )
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    path = bench.folder / "notion-pm.toml"
    path.write_bytes(torn(data, chance) if chance.random() < 0.5 else data)
    try:
        bench.run("-w", "acme", "plan", "product")
        bench.run("status", "--max-wait", "0")
    finally:
        path.unlink()


def environment_file(bench: Bench, chance: Random) -> None:
    path = bench.folder / ".env"
    value = str(chance.choice(HOSTILE))
    name = chance.choice(
        ["NOTION_PM_BUDGET", "NOTION_PM_TIME_ZONE", "NOTION_PM_PARENT_PAGE", "NOTION_TOKEN", "X"]
    )
    source = f"{name}={value}\nNOTION_PM_TIME_ZONE=Europe/Berlin\n".encode("utf-8", "surrogatepass")
    path.write_bytes(torn(source, chance) if chance.random() < 0.5 else source)
    try:
        bench.local("status")
    finally:
        path.unlink()


def state(bench: Bench, chance: Random) -> None:
    source = bench.folder / "state"
    kept = bench.folder / "kept-state"
    if not kept.exists():
        shutil.copytree(source, kept)
    databases = list(source.rglob("*.sqlite"))
    if chance.random() < 0.3:
        path = chance.choice([each for each in source.rglob("*") if each.is_file()])
        path.write_bytes(torn(path.read_bytes(), chance))
    else:
        _change_a_cell(chance.choice(databases), chance)
    try:
        bench.local(
            *chance.choice(
                [
                    ("sync", "--dry-run"),
                    ("sync",),
                    ("history",),
                    ("history", "--since", "2020-01-01"),
                ]
            )
        )
        bench.local(
            *chance.choice([("report", "-o", "r.html"), ("undo",), ("doctor",), ("sync", "--full")])
        )
    finally:
        shutil.rmtree(source)
        shutil.copytree(kept, source)


def _change_a_cell(path: Path, chance: Random) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables = [
            each[0] for each in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        name = chance.choice(tables)
        columns = [each[1] for each in db.execute(f'PRAGMA table_info("{name}")')]
        value = chance.choice(
            [each for each in HOSTILE if isinstance(each, str | None)]
            + ['{"a": [', '{"$": 1}', "[[1]]"]
        )
        value = value.encode("utf-8", "replace").decode() if value is not None else None
        try:
            db.execute(f'UPDATE "{name}" SET "{chance.choice(columns)}" = ?', [value])
        except sqlite3.IntegrityError:
            db.execute(f'DELETE FROM "{name}"')


def argument(bench: Bench, chance: Random) -> None:
    word = str(
        chance.choice(
            [*HOSTILE, *("reach<=inf", "reach>9e999", "name~", "=", "owner=", "name=a\nb")]
        )
    )
    word = word.encode("utf-8", "replace").decode().replace("\0", "")[:4_000]
    output = word.replace("/", "_") or "x"  # what is written stays in the folder of the test
    export = ("export", "features", "-o", "o.csv")
    compared = chance.choice(["reach", "name", "target", "status", ""])
    commands = [
        (*export, "--where", f"{compared}<{word}"),
        (*export, "--where", word),
        (*export, "--sort", word),
        (*export, "--since", word),
        (*export, "--columns", word),
        ("export", word, "-o", "o.csv"),
        ("export", "features", "--format", "csv", "-o", output),
        ("trace", word),
        ("why", word),
        ("why", "FEAT-1", word),
        ("history", "--since", word),
        ("loop", "--told", word),
        ("report", "--since", word, "-o", "r.html"),
        ("plan", word),
        ("plan", "product", "--set", f"client={word}"),
        ("apply", "product", "--checksum", word),
        ("import", word),
        ("import", "rows.csv", "--map", output, "--dry-run"),
        ("import", "rows.csv", "--into", word, "--dry-run"),
        ("capture", word),
        ("adopt", "product", word, "-o", "none.yaml"),
        ("templates", "show", word),
        ("templates", "diff", "product", word),
        ("undo", word),
        ("destroy", "product", "--confirm", word),
        ("local", "info", word),
        ("local", "copy", "w.sqlite", output),
        ("--local", output, "doctor"),
        ("doctor", word),
    ]
    bench.local(*chance.choice(commands))


KINDS: tuple[Callable[[Bench, Random], None], ...] = (
    template,
    rows_of_a_template,
    map_,
    table,
    json_document,
    plan,
    adopt_mapping,
    message,
    settings_file,
    environment_file,
    state,
    argument,
)


# An example takes up to a second, so that looking for a smaller one would take minutes: a failure
# shows its seed.
_SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_changed_file_is_told_in_words(
    bench: Bench, kind: Callable[[Bench, Random], None]
) -> None:
    @_SETTINGS
    @given(seed=st.integers(0, 2**32))
    def try_one(seed: int) -> None:
        kind(bench, Random(seed))

    try_one()


READERS: tuple[tuple[str, ...], ...] = (
    ("b.yaml", "templates", "validate", "b.yaml"),
    ("b.yaml", "--local", "w.sqlite", "import", "rows.csv", "--map", "b.yaml", "--dry-run"),
    ("b.yaml", "--local", "copy.sqlite", "adopt", "--apply", "b.yaml"),
    ("b.csv", "--local", "w.sqlite", "import", "b.csv", "--dry-run"),
    ("b.json", "--local", "w.sqlite", "import", "b.json", "--dry-run"),
    ("b.jsonl", "--local", "w.sqlite", "import", "b.jsonl", "--dry-run"),
    ("b.json", "--local", "copy.sqlite", "apply", "b.json"),
    ("b.txt", "--local", "w.sqlite", "loop", "--message", "b.txt"),
    ("b.sqlite", "--local", "b.sqlite", "status"),
    (".env", "--local", "w.sqlite", "status"),
    ("notion-pm.toml", "-w", "acme", "status"),
)


_PIECES = st.lists(st.sampled_from(SNIPPETS) | st.binary(max_size=8), max_size=12).map(b"".join)


@settings(_SETTINGS, max_examples=EXAMPLES * 8)
@given(data=st.binary(max_size=400) | _PIECES, reader=st.sampled_from(READERS))
def test_any_bytes_are_told_in_words(bench: Bench, data: bytes, reader: tuple[str, ...]) -> None:
    name, *arguments = reader
    path = bench.folder / name
    path.write_bytes(data)
    try:
        bench.run(*arguments)
    finally:
        path.unlink()
