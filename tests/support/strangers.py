"""Files as strangers write them: valid ones of this project, changed at random into what nobody
expects.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**63, 10**30, -(10**400), 1e308, float("inf"), float("nan"), "", " ", "\n", "\t",
    "a" * 5_000, "9" * 5_000, "9" * 400, "1e999", "-inf", "nan", "0x_", "\x00", "a\x00b", "\x1b[31m", "🦄", "\u202e",
    "\ud800", "../../no/such/file", "/dev/zero", "~", ".", "..", "{{ x }}", "{{ 'a' * 10 ** 9 }}", "{% for %}", "{{",
    "{a}", "{", "%", "%d", "%Y%", "%Y-%m-%d", "(a+)+$", "((", "(x)", "[", "prop(\"x\")", "prop(", "today",
    "9999 days ago", "in 9999 days", "2026-99-99", "0000-00-00", "9999-12-31", "http://[x", "https://x",
    "-", "--", "=1+1",
    "a,b", "a.b", "a.b.c", "*", "<a>", "[link](x)", "select", "title", "relation", "name", "status", "features",
    [], {}, [[]], [None], {"a": 1}, {"a": {"b": []}}, [1, "a"], {"": ""}, {"is": []}, ["a"] * 200,
)  # fmt: skip
"""Values that a reader may not expect."""

SNIPPETS: tuple[bytes, ...] = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b"{", b"}", b"[", b"]", b'"', b"'",
    b":", b": ", b"- ",
    b"&a ", b"*a", b"? ", b"!!int ", b"!!binary ", b"<<: ", b"\n", b"\r", b"\t", b",", b"#", b"|", b"%", b"9" * 5000,
    b"[" * 2000, b"{a: " * 500, b"\\ud800", b"NaN", b"Infinity", b"null", b"=", b"[[", b'"""',
)  # fmt: skip


def changed(data: Any, chance: Random) -> Any:
    """Return plain data with some of its values replaced, removed, repeated or renamed."""
    data = copy.deepcopy(data)
    for _ in range(chance.randint(1, 4)):
        spots = list(_spots(data))
        if not spots:
            return chance.choice(HOSTILE)
        holder, key = chance.choice(spots)
        _change(holder, key, chance)
    return data


def _change(holder: Any, key: Any, chance: Random) -> None:
    match chance.randrange(7):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[str(chance.choice(HOSTILE))] = holder.pop(key)
        case 1 | 2 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 3:
            holder[key] = [holder[key]]
        case 4:
            holder[key] = {"a": holder[key]}
        case 5 if isinstance(holder[key], dict):
            holder[key][str(chance.choice(HOSTILE))] = copy.deepcopy(chance.choice(HOSTILE))
        case _:
            holder[key] = copy.deepcopy(chance.choice(HOSTILE))


def _spots(data: Any) -> Any:
    for key in (
        data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    ):
        yield data, key
        yield from _spots(data[key])


def torn(data: bytes, chance: Random) -> bytes:
    """Return bytes with some pieces removed, repeated or put in."""
    for _ in range(chance.randint(1, 4)):
        start, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 3, 20, 200))
        match chance.randrange(4):
            case 0:
                data = data[:start] + data[start + length :]
            case 1:
                data = (
                    data[:start]
                    + data[start : start + length] * chance.choice((2, 50))
                    + data[start + length :]
                )
            case 2:
                data = data[:start]
            case _:
                data = data[:start] + chance.choice(SNIPPETS) + data[start:]
    return data[:200_000]


def as_yaml(data: Any) -> bytes:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode(
        "utf-8", "surrogatepass"
    )


def as_json(data: Any) -> bytes:
    return json.dumps(data).encode()


def as_csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [[("" if cell is None else cell) for cell in _list(row)] for row in rows]
    )
    return text.getvalue().encode("utf-8", "surrogatepass")


def _list(row: Any) -> list[Any]:
    return row if isinstance(row, list) else [row]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str
    crash: str
    seconds: float
    megabytes: int


class Worker:
    """Runs the program in a process that lives on (stranger_worker)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, *arguments: str) -> Ended:
        process = self._process or self._start()
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(arguments) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            self.close()
            raise AssertionError(
                f"notion-pm {' '.join(arguments)} hung or was ended: see stderr for where."
            )
        return Ended(**json.loads(line))

    def _start(self) -> subprocess.Popen[str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {
            **kept,
            "PYTHONPATH": str(REPOSITORY),
            "NOTION_PM_STATE": str(self.folder / "state"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.stranger_worker"],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
