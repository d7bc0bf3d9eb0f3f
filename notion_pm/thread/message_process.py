"""A process of its own that fills in messages, so that a template cannot stop the program or fill its memory.

A Jinja template of a stranger can loop without end or multiply a text to gigabytes, in ways that no
sandbox inside a process stops. The system stops a process: after some seconds of work, and at a limit of memory.

    stdin:  {"source": TEMPLATE, "messages": [{...}, ...]}
    stdout: {"texts": [...]}, or {"line": LINE, "error": REASON}
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

_SECONDS = 2
_MEMORY = 256 * 1024 * 1024
_TOO_LARGE = {"line": 0, "error": "it takes too much memory"}
LONGEST_TEXT = 1_000_000
"""Characters of all messages together."""


def main() -> None:
    """Fill in the messages that standard input asks for."""
    order = json.load(sys.stdin)
    _limit_this_process()
    json.dump(_answer(order["source"], order["messages"]), sys.stdout)


def _limit_this_process() -> None:
    try:
        import resource
    except ImportError:  # Windows: the other side waits for a limited time, which is all there is
        return
    for kind, limit in ((resource.RLIMIT_CPU, _SECONDS), (resource.RLIMIT_AS, _MEMORY)):
        with suppress(ValueError, OSError):  # a system may not have this limit, or a lower one
            resource.setrlimit(kind, (limit, limit))


def _answer(source: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    try:
        template = environment.from_string(source)
    except TemplateSyntaxError as error:
        return {"line": error.lineno, "error": error.message}
    except MemoryError:
        return _TOO_LARGE
    except (
        Exception
    ) as error:  # Jinja computes what is constant while it reads: `{{ 10 ** 10000000000 }}`
        return {"line": 0, "error": _reason(error)}
    texts: list[str] = []
    for words in messages:
        try:
            text = template.render(words).strip()
        except MemoryError:
            return _TOO_LARGE
        except Exception as error:  # whatever a template can do wrong is its author's
            return {"line": _line_of(error), "error": _reason(error)}
        texts.append(text.encode("utf-8", errors="replace").decode())
        if sum(map(len, texts)) > LONGEST_TEXT:
            return {"line": 0, "error": f"the messages have more than {LONGEST_TEXT:,} characters"}
    return {"texts": texts}


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it nests too deep"
    return str(getattr(error, "message", None) or error or type(error).__name__)[:500]


def _line_of(error: Exception) -> int:
    """Return the line of the template that raised an error: Jinja gives its frames the template's lines."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


if __name__ == "__main__":
    main()
