"""A separate process that renders messages, so that a custom template cannot harm the program.

A Jinja template can loop without end or multiply a text to gigabytes, in ways that no sandbox
within a process stops. The operating system can: it ends this process after some seconds of work or
at a limit of memory.

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
    """Render the messages that standard input asks for."""
    request = json.load(sys.stdin)
    _limit_this_process()
    json.dump(_render(request["source"], request["messages"]), sys.stdout)


def _limit_this_process() -> None:
    try:
        import resource
    except ImportError:  # Windows: only the time limit of the parent process protects it
        return
    for kind, limit in ((resource.RLIMIT_CPU, _SECONDS), (resource.RLIMIT_AS, _MEMORY)):
        with suppress(ValueError, OSError):  # a system may not have this limit, or a lower one
            resource.setrlimit(kind, (limit, limit))


def _render(source: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    try:
        template = environment.from_string(source)
    except TemplateSyntaxError as error:
        return {"line": error.lineno, "error": error.message}
    except MemoryError:
        return _TOO_LARGE
    except Exception as error:
        # Jinja computes constants while it parses: `{{ 10 ** 10000000000 }}` fails here.
        return {"line": 0, "error": _reason(error)}

    texts: list[str] = []
    for values in messages:
        try:
            text = template.render(values).strip()
        except MemoryError:
            return _TOO_LARGE
        except Exception as error:  # whatever a template can do wrong
            return {"line": _template_line(error), "error": _reason(error)}
        texts.append(text.encode("utf-8", errors="replace").decode())
        if sum(map(len, texts)) > LONGEST_TEXT:
            return {"line": 0, "error": f"the messages have more than {LONGEST_TEXT:,} characters"}
    return {"texts": texts}


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(getattr(error, "message", None) or error or type(error).__name__)[:500]


def _template_line(error: Exception) -> int:
    """Return the line of the template that raised an error, 0 if it is not known.

    Jinja gives the frames of a template its file name and its lines.
    """
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


if __name__ == "__main__":
    main()
