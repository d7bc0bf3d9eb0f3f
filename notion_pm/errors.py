"""Every error that a user can see, as a tree.

NotionPmError                      exit 1
 ├─ UsageError                     exit 1   the command line or the settings need a change
 │   ├─ NoWorkspace                         neither a token nor a local file
 │   └─ InvalidNotionId
 ├─ TemplateInvalid                exit 1   all problems of a template in one report
 │   └─ ValuesMissing                       some of them are variables without a value
 ├─ MappingInvalid                 exit 1   all problems of a mapping of `adopt` or `import`
 ├─ RowsRejected                   exit 1   an import left out rows; it imported all others
 ├─ NotionError                    exit 1   Notion refused, or could not be reached
 │   ├─ Unauthorized                        401: the token is not accepted
 │   ├─ NotShared                           404: missing, or not shared with the connection
 │   ├─ CapabilityMissing                   403: the connection lacks a capability
 │   ├─ RequestRefused                      400: Notion did not accept the request
 │   │   └─ InTrash                         ... because the page is in the trash
 │   ├─ RateLimited                         429: the wait that Notion asks for is too long
 │   └─ Unavailable                         5xx, after all retries
 │       ├─ Unreachable                     no connection, or it was lost: DNS, TLS, proxy, timeout
 │       ├─ InvalidResponse                 not a response of Notion: no JSON, cut, nested too deep
 │       │   └─ ResponseTooLarge
 │       └─ OutcomeUnknown                  a write may or may not have happened
 ├─ IncompleteRead                 exit 1   Notion returned a part; it must not pass as the whole
 ├─ FileNotDownloaded                       one attached file; caught, and a link is kept
 ├─ FilesNotDownloaded             exit 1   an export left out attached files, and wrote the rest
 ├─ LinkExpired                    exit 1   the address of a file is too old; caught, and read again
 ├─ FileUnusable                   exit 1   a local file or folder cannot be read or written
 │   ├─ FileMissing
 │   └─ FileNotText                         it is not text in UTF-8
 ├─ StateUnusable                  exit 1   the database with the state of sync cannot be used
 ├─ RecordUnreadable               exit 1   the record in the workspace is damaged
 │   └─ RecordFromLaterVersion
 ├─ RecordEdited                   exit 1   a person changed the record
 ├─ RecordCopied                   exit 1   the record is a copy of another page's
 ├─ RecordMoved                    exit 1   the record was moved here without its databases
 ├─ RecordLost                     exit 1   the databases of a template have no record
 ├─ NotConverged                   exit 1   after an apply the workspace still differs
 ├─ CreatedTwice                   exit 1   a repeated request created a second copy, now in use
 ├─ InternalError                  exit 1   a bug in notion-pm
 ├─ NotificationFailed             exit 1   only printed: the run itself is not affected
 ├─ UnsafeChange                   exit 3   a threshold or a lossy change, before the first write
 │   ├─ ChangedDuringRun                    people changed what the run was about to change
 │   └─ OptionStillUsed                     people chose an option while it was being replaced
 ├─ ConflictsFound                 exit 4   people and rules disagree (only where asked for)
 └─ LeftForNextRun                 exit 5   nothing is wrong: the next run does the rest
     ├─ PlanKeepsChanging                   people edit the workspace while apply plans
     ├─ AlreadyRunning                      another sync or apply works on this workspace
     ├─ WorkspaceLocked                     a run on another machine works on this workspace
     ├─ RecordChanged                       another run changed the record after this one read it
     ├─ LockLost                            this run's lock was removed, or has expired
     ├─ Stopped                             the process was asked to end (SIGTERM)
     └─ TimeLimitReached                    the run took as long as it may

Exit codes are stable: 0 done or nothing to do, 1 error, 2 changes (with ``plan --exit-code``),
3 unsafe, 4 conflicts, 5 left for the next run, 6 Notion does not behave as expected
(``doctor --probe``).

The text of an error says what happened and where. Its `advice` says what to do next. Facts that
code needs are attributes. Only the root command prints errors.

How to add one: derive from the class with the right exit code. Advice that is always the same is
`usual_advice`; advice with facts in it is passed to `__init__`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from notion_pm.text import quantity, suggest


class NotionPmError(Exception):
    """The root of all errors that users read. `advice`: what to do next, "" if there is nothing."""

    exit_code: ClassVar[int] = 1
    usual_advice: ClassVar[str] = ""
    """The advice, unless another is given."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        # An empty text means the usual advice, not none: FileUnusable and others pass their own
        # `advice` parameter on, which is empty in most calls.
        self.advice = advice or self.usual_advice


# --- the command line and files that people write


class UsageError(NotionPmError):
    """The command line or the settings need a change."""


class NoWorkspace(UsageError):
    """Neither a token nor a local workspace is configured."""

    usual_advice = (
        "To try it without a token, on a local workspace:  "
        "notion-pm --local demo.sqlite plan product\n"
        "To connect a real one:  notion-pm init  (or set NOTION_TOKEN and NOTION_PM_PARENT_PAGE)"
    )

    def __init__(self) -> None:
        super().__init__("No workspace is configured.")


class InvalidNotionId(UsageError):
    """A text that should name a page or database contains no Notion id."""

    usual_advice = "Copy the page's link in Notion (••• > Copy link) and paste it unchanged."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a Notion id or a Notion URL.")
        self.text = text


YamlPath = tuple[str | int, ...]
"""A place in a YAML file: the keys and indices from the top."""


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One problem in a template or mapping file: where, what, and what to do about it.

    `path` is the place in the file's data. `file` and `line` are empty until it is looked up in
    the file. Lines count from 1; line 0 is the file as a whole.
    """

    path: YamlPath = field(compare=False)
    message: str
    advice: str = ""
    file: str = ""
    line: int = 0

    @classmethod
    def unknown(cls, path: YamlPath, what: str, name: str, known: Iterable[str]) -> TemplateProblem:
        """Return the problem that `name` is not one of the known names."""
        return cls(path, f"unknown {what} `{name}`.", suggest(name, known))

    @property
    def order(self) -> tuple[str, int, str]:
        """The key to sort problems by: file and line first."""
        return self.file, self.line, self.message

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}" if self.line else self.file
        return f"{position}: {self.message} {self.advice}".rstrip()


_MOST_PROBLEMS_SHOWN = 100
"""A broken file can have many thousands of problems, most of them with one cause."""

_LONGEST_PROBLEM = 1_000
"""Characters. A problem quotes the file, which may contain anything."""


def _problem_report(path: Path, problems: Sequence[TemplateProblem]) -> str:
    lines = [f"{path} has {quantity(len(problems), 'problem')}:"]
    for problem in problems[:_MOST_PROBLEMS_SHOWN]:
        text = str(problem)
        if len(text) > _LONGEST_PROBLEM:
            text = f"{text[:_LONGEST_PROBLEM]}..."
        lines.append(f"  {text}")
    hidden = len(problems) - _MOST_PROBLEMS_SHOWN
    if hidden > 0:
        lines.append(f"  ... and {hidden:,} more. Fix these first.")
    return "\n".join(lines)


class TemplateInvalid(NotionPmError):
    """A template file has problems; the error lists all of them."""

    usual_advice = "Fix the file, then check it with  notion-pm templates validate"

    def __init__(self, path: Path, problems: Sequence[TemplateProblem]) -> None:
        super().__init__(_problem_report(path, problems))
        self.path = path
        self.problems = tuple(problems)


# A class of its own, because it is not final: `plan` and `apply` catch it, read the values of the
# last apply from the record, and load the template again.
class ValuesMissing(TemplateInvalid):
    """A template has variables without a value; the workspace may remember one."""


class MappingInvalid(NotionPmError):
    """A mapping file of `adopt` or `import` has problems; the error lists all of them."""

    usual_advice = (
        "Nothing was changed. Fix the file; or give the name of a file that does not exist yet, "
        "and the command proposes a new mapping."
    )

    def __init__(self, path: Path, problems: Sequence[TemplateProblem]) -> None:
        super().__init__(_problem_report(path, problems))
        self.path = path
        self.problems = tuple(problems)


# Raised at the very end of `import`, after all other rows are written and remembered: a script must
# not take an import with gaps for a complete one. A nightly import that rejects the same rows each
# time raises it only the first time.
class RowsRejected(NotionPmError):
    """An import left out rows, and wrote all others. `path`: the file with the rows left out."""

    def __init__(self, count: int, path: Path) -> None:
        super().__init__(
            f"{quantity(count, 'row was', 'rows were')} not imported.",
            f"{path} lists them, each with the reason. Fix them there, then import that file.",
        )
        self.count = count
        self.path = path


# --- Notion


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Which request failed, and how.

    `status`: HTTP status, 0 without a response. `code`: Notion's error code. `request`: method and
    path. `request_id`: Notion's id of the request, for its support.
    """

    status: int = 0
    code: str = ""
    request: str = ""
    request_id: str = ""


_NO_FACTS = RequestFacts()


class NotionError(NotionPmError):
    """Notion refused a request, or could not be reached."""

    def __init__(self, message: str, facts: RequestFacts = _NO_FACTS) -> None:
        super().__init__(message)
        self.facts = facts

    @property
    def status(self) -> int:
        """HTTP status, 0 when there was no response."""
        return self.facts.status

    @property
    def code(self) -> str:
        """Notion's error code, such as `validation_error`."""
        return self.facts.code


class Unauthorized(NotionError):
    """Notion does not accept the token."""

    def __init__(self, message: str, facts: RequestFacts = _NO_FACTS) -> None:
        super().__init__(message, facts)
        # The code that understands a response does not know where the token comes from. The
        # connection does: it calls `name_token` with, for example, `NOTION_TOKEN in .env`.
        self.name_token("")

    def name_token(self, token_name: str) -> None:
        """Let the advice name the variable or file that contains the token."""
        self.advice = (
            f"Check {token_name or 'the token'}: copy it again from the connection's page "
            "(notion.so/profile/integrations), or run  notion-pm init"
        )


# Notion gives the same answer for both and does not say which (notion-api.md 6, item 14). So this
# alone never proves that a page was deleted.
class NotShared(NotionError):
    """A page, database or block does not exist, or is not shared with the connection."""

    usual_advice = (
        "Share it with the connection: open the page in Notion, ••• > Connections > your "
        "connection. Then check it with  notion-pm doctor"
    )


# About the plan: since September 2026 a Free workspace with several members gives the same 403 when
# its connections have used up their blocks (notion-api.md 4.2).
class CapabilityMissing(NotionError):
    """The connection lacks a capability, or the workspace's plan forbids the request."""

    usual_advice = (
        "Let the connection read, update and insert content "
        "(notion.so/profile/integrations > Capabilities). Then check it with  notion-pm doctor"
    )


class RequestRefused(NotionError):
    """Notion did not accept the request: a mistake in the template, or a bug in notion-pm."""


# Notion reports it only in words, with the code of any other mistake, `validation_error`
# (recorded). It has its own class because the request is right: the fix is in Notion, not in the
# template.
class InTrash(RequestRefused):
    """A write to a page that is in the trash, or below a page in the trash."""

    usual_advice = (
        "The page, its database or a page above it is in the trash. Restore it in Notion (Trash in "
        "the sidebar), then run the command again: it continues where it stopped."
    )


_SENSIBLE_WAIT = 86_400
"""Seconds. A server that asks to wait longer than a day is not Notion, or is broken."""


# Shorter waits are waited for and never reach a user. Runs that repeat (`sync --every`, `serve`)
# read `retry_after`, and start the next run after that time.
class RateLimited(NotionError):
    """Notion asks to wait longer than `--max-wait` allows. `retry_after`: seconds."""

    def __init__(
        self, message: str, facts: RequestFacts = _NO_FACTS, *, retry_after: float
    ) -> None:
        super().__init__(message, facts)
        self.retry_after = retry_after
        if retry_after > _SENSIBLE_WAIT:
            self.advice = (
                "This wait is too long to be right: check NOTION_PM_BASE_URL, or ask Notion's "
                "support."
            )
        else:
            self.advice = (
                f"Run the command again in {retry_after:.0f} seconds, or allow a longer wait with "
                "--max-wait."
            )


class Unavailable(NotionError):
    """Notion failed or could not be reached, also after retries."""

    usual_advice = (
        "Nothing is lost: run the same command again. status.notion.so shows known outages."
    )


class Unreachable(Unavailable):
    """There was no connection to Notion, or it was lost. The message names the host and why.

    `certificate`: the host's certificate was not accepted.
    """

    usual_advice = (
        "Nothing is lost: check the network (docs/configuration.md, Behind a proxy), then run the "
        "same command again."
    )

    def __init__(
        self, message: str, facts: RequestFacts = _NO_FACTS, *, certificate: bool = False
    ) -> None:
        super().__init__(message, facts)
        self.certificate = certificate
        if certificate:
            self.advice = (
                "Behind a company's proxy, set SSL_CERT_FILE to the file with its certificates "
                "(docs/configuration.md, Behind a proxy)."
            )


# It counts as unavailable, since the same request may work a minute later, for example after the
# login. The status is mostly 2xx: a write may have been carried out.
class InvalidResponse(Unavailable):
    """A server or a proxy sent a response that Notion does not send."""

    usual_advice = (
        "A proxy, or a network that wants a login, may answer instead of Notion. Check "
        "NOTION_PM_BASE_URL and the proxy, then run the same command again."
    )


# Not retried, unlike its parent: a cut response may be whole the next time, but a response that is
# too large stays too large.
class ResponseTooLarge(InvalidResponse):
    """A response is larger than any that Notion sends."""


# Notion has no idempotency keys (notion-api.md 6, item 5), so such a request is never just
# repeated. `Connection.create` first looks for what it may have created; it raises this only when
# that finds nothing and it may not try again.
class OutcomeUnknown(Unavailable):
    """A request that creates something got no clear response: it may have been carried out."""

    usual_advice = (
        "Run the same command again: before it creates anything, it looks for what was created."
    )


# Examples: a query ends at 10,000 rows and cannot be divided further (notion-api.md 4.2); a
# response says that there is more, but has no new cursor. An export without the rest would look
# complete.
class IncompleteRead(NotionPmError):
    """Notion returned only a part of what was requested, and a part must not pass as the whole."""

    usual_advice = "Nothing was written. Run the command again."

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"Notion returned only a part of {what}.", advice)


# --- files attached to pages


class FileNotDownloaded(NotionPmError):
    """An attached file cannot be downloaded. Caught: the export keeps a link to it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The attached file {name!r} cannot be downloaded: {reason}.")
        self.name = name
        self.reason = reason


class FilesNotDownloaded(NotionPmError):
    """An export is complete, except for some files attached to its pages."""

    usual_advice = (
        "The rest of the export is written. It has links to these files, which work for one hour. "
        "To try the downloads again, run the same command again."
    )

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{quantity(count, 'attached file was', 'attached files were')} not downloaded."
        )
        self.count = count


# Not a FileNotDownloaded: the page has a fresh address when it is read again. The export does that
# once, and gives up only when the fresh address is refused as well.
class LinkExpired(NotionPmError):
    """The address of a file that Notion stores has expired.

    Notion's addresses work for about an hour (notion-api.md 2.8).
    """


# --- files and databases of this machine


class FileUnusable(NotionPmError):
    """A local file or folder cannot be read or written: no permission, no space, damaged."""

    usual_advice = (
        "Check the path, your permissions and the free space on the disk, then run it again."
    )

    def __init__(self, path: Path | str, reason: str, advice: str = "") -> None:
        super().__init__(f"{path} cannot be used: {reason}.", advice)
        self.path = path
        self.reason = reason

    @classmethod
    def from_os(cls, error: OSError) -> FileUnusable:
        """Return the error for an operation that the operating system refused."""
        return cls(error.filename or "The output", error.strerror or str(error))


class FileMissing(FileUnusable):
    """A file does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "the file does not exist", "Check the path.")


class FileNotText(FileUnusable):
    """A file that should be text is not UTF-8. `line`: the first such line, from 1."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(
            path,
            f"line {line} is not UTF-8 text",
            "Save it as UTF-8, or give the name of another file.",
        )
        self.line = line


class StateUnusable(NotionPmError):
    """The database with the state of sync cannot be used. `database`: its URL, no password."""

    usual_advice = (
        "Check NOTION_PM_STATE (or `state` in notion-pm.toml), and that the database is running "
        "and accepts your login."
    )

    def __init__(self, database: str, reason: str, advice: str = "") -> None:
        super().__init__(f"The state in {database} cannot be used: {reason}", advice)
        self.database = database


# --- the record: the page in the workspace that lists what a template created


class RecordUnreadable(NotionPmError):
    """The record of a template cannot be read or written. `page_id`: its page, once known."""

    usual_advice = (
        "Restore the record page with Notion's page history (••• > Version history), then run the "
        "command again; or rebuild the record from the databases:  notion-pm repair"
    )

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.page_id = ""


# Most commands treat it like a damaged record. `repair` must not: it would rebuild the record in
# the old format, and lose what only the later version knows.
class RecordFromLaterVersion(RecordUnreadable):
    """A later version of notion-pm wrote the record; it is not damaged."""


class RecordEdited(NotionPmError):
    """A person changed the record, so that it may name databases of others.

    `template`: its name. `url`: of the record page.
    """

    def __init__(self, *, template: str, url: str, how: str = "") -> None:
        reason = how or "its checksum does not match its content"
        super().__init__(
            f"The record of {template} was changed by hand: {reason}. It may now name databases "
            "that do not belong to the template.",
            "Nothing was changed. You can:\n"
            f"  - undo the change: open {url} and restore an earlier version (••• > Version "
            "history);\n"
            "  - or rebuild the record from the databases that exist:  "
            f"notion-pm repair {template}\n"
            "    It shows what it found and asks before it writes.",
        )
        self.template = template
        self.url = url


# Its own class because `adopt` can use a copy: the databases beside it were copied as well. All
# other commands stop, or they would write to the databases of the original page.
class RecordCopied(NotionPmError):
    """A record belongs to another page: it is a copy, made with *Duplicate* in Notion.

    `title`, `page_id` and `url`: of the record page. `original`: link of the page that the record
    belongs to, "" when the record does not say.
    """

    def __init__(
        self, *, title: str, template: str, page_id: str, url: str, original: str = ""
    ) -> None:
        message = (
            f"The record page {title!r} is a copy: this page, or one above it, was duplicated in "
            "Notion. It names the databases of the original page, not the ones here."
        )
        if original:
            message += f" The original is under {original}."
        super().__init__(
            message,
            "Nothing was changed. You can:\n"
            f"  - set up a new client with the copied databases:  notion-pm adopt {template}\n"
            "    It moves the copied record to the trash and starts a new one for this page;\n"
            f"  - or keep only the original: delete the copied record page, {url}",
        )
        self.title = title
        self.template = template
        self.page_id = page_id
        self.url = url
        self.original = original


class RecordMoved(NotionPmError):
    """A record was moved under another parent page, without its databases.

    `title`: of the record page. `origin`: link of the page that it belongs under.
    """

    def __init__(self, *, title: str, origin: str) -> None:
        super().__init__(
            f"The record page {title!r} was moved here from {origin}. Its databases are not under "
            "this page.",
            "Nothing was changed. Move the record page back in Notion (••• > Move to), move its "
            f"databases here as well, or use {origin} as the parent page.",
        )
        self.title = title
        self.origin = origin


class RecordLost(NotionPmError):
    """The parent page has databases of a template, but not the record that lists them.

    `page_id`: of the record page, if it is in the trash.
    """

    def __init__(self, message: str, advice: str, *, page_id: str = "") -> None:
        super().__init__(message, advice)
        self.page_id = page_id


# --- after an apply


class NotConverged(NotionPmError):
    """After an apply, the workspace still differs from the template."""

    usual_advice = (
        "Someone may have edited the workspace during the apply. See what is left with  "
        "notion-pm plan"
    )

    def __init__(self, remaining: Sequence[str]) -> None:
        super().__init__("After the apply, these still differ: " + ", ".join(remaining))
        self.remaining = tuple(remaining)


# Raised after the last check of an apply. An unused second copy is moved to the trash by the apply
# itself; it is an error only when a person has to decide.
class CreatedTwice(NotionPmError):
    """A proxy repeated a request: Notion created something twice, and both may be in use."""

    usual_advice = (
        "Move what you need to the recorded one, then delete the other. Everything else is applied."
    )

    def __init__(self, twins: Sequence[str]) -> None:
        super().__init__(
            "These exist twice, and the second one may contain people's work: " + "; ".join(twins)
        )
        self.twins = tuple(twins)


class InternalError(NotionPmError):
    """A bug in notion-pm, not a mistake of the user.

    The text names the kind of error and the line that raised it, never the error's own text: that
    may quote a token or a customer's words.
    """

    usual_advice = (
        "Run the same command again with --debug to see where it comes from, and report it."
    )

    def __init__(self, cause: BaseException, advice: str = "") -> None:
        super().__init__(
            f"Internal error in notion-pm: {type(cause).__name__}{_raised_at(cause)}.", advice
        )
        self.cause = cause


def _raised_at(error: BaseException) -> str:
    """Return the last line of notion-pm that the error passed through, such as ` (cells.py:57)`."""
    position = ""
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "notion_pm" in file.parts:
            position = f" ({file.name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return position


class NotificationFailed(NotionPmError):
    """The message about a run could not be delivered; the run itself is not affected."""

    usual_advice = "Check the URL given with --notify (or NOTION_PM_NOTIFY)."

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"The notification to {host} failed: {reason}.")
        self.host = host


# --- exit code 3: stopped because going on could lose data


class UnsafeChange(NotionPmError):
    """A threshold, or a change that loses data, stops a run before its first write."""

    exit_code = 3

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message, advice)


class ChangedDuringRun(UnsafeChange):
    """People changed what a run was about to change or remove. Their change is kept."""

    def __init__(self, address: str, what: str) -> None:
        super().__init__(
            f"{address}: While this command was running, {what}. It stopped before changing that.",
            "What it did before that is kept. See what is left with  notion-pm plan , then run the "
            "same command again.",
        )

    @classmethod
    def with_more_pages(cls, address: str, titles: Sequence[str], before: int) -> ChangedDuringRun:
        """Return the error for pages that got a value after the plan had counted `before` pages."""
        examples = ", ".join(repr(title) for title in titles[:3])
        more = quantity(len(titles), "more page")
        return cls(
            address,
            f"{more} got a value that would be lost ({examples}; the plan counted {before})",
        )


class OptionStillUsed(UnsafeChange):
    """People chose an option while the pages with it were being moved. Nothing is lost."""

    def __init__(self, database: str, titles: Sequence[str]) -> None:
        super().__init__(
            f"While this command was running, {quantity(len(titles), 'page')} of {database} got an "
            f"option that is being replaced: {', '.join(titles[:3])}",
            "Run the same command again: it moves these pages too, and then removes the option.",
        )
        self.database = database
        self.titles = tuple(titles)


# Only `sync --fail-on-conflict` raises it. Otherwise conflicts are a normal result: they are
# reported, and a person decides.
class ConflictsFound(NotionPmError):
    """People and rules disagree about a value."""

    exit_code = 4


# --- exit code 5: nothing is wrong, the next run does the rest


class LeftForNextRun(NotionPmError):
    """Nothing is wrong, but something is left to do: the next run does it."""

    exit_code = 5


class PlanKeepsChanging(LeftForNextRun):
    """Each plan that apply made, just before its first write, differed from the one before."""

    usual_advice = (
        "Nothing was changed. Run the same command again when people have finished editing."
    )

    def __init__(self) -> None:
        super().__init__(
            "The plan changed each time it was made: someone is editing the workspace."
        )


# Two locks, two classes. This one is for a file, or a lock in the shared state, which the system
# releases when the run dies. WorkspaceLocked is for a claim on the record page, which stays until
# it expires.
class AlreadyRunning(LeftForNextRun):
    """Another sync or apply of the same workspace is running.

    With a shared state, on any machine; otherwise on this one.
    """

    usual_advice = (
        "Nothing was changed. Wait until it has ended, then run the command again if still needed."
    )

    def __init__(self) -> None:
        super().__init__("Another sync or apply of this workspace is running.")


class WorkspaceLocked(LeftForNextRun):
    """A run on another machine has the lock on this workspace.

    `holder`: which run, since when. `expires`: until when its lock is valid.
    """

    def __init__(self, holder: str, expires: str) -> None:
        super().__init__(
            f"Another run is working on this workspace: {holder}.",
            "Nothing was changed. Wait until it has ended, then run the command again. If it has "
            f"crashed, its lock expires at {expires}. If you are sure that it no longer runs, add "
            "--break-lock.",
        )
        self.holder = holder
        self.expires = expires


# Notion has no conditional writes such as If-Match (notion-api.md 6, item 5). So the record is read
# again once the lock is held, and compared with what was read before.
class RecordChanged(LeftForNextRun):
    """Another run changed the record after this one read it: decisions are out of date."""

    usual_advice = (
        "Nothing was changed. Run the same command again: it decides on the current state."
    )

    def __init__(self, what: str = "Another run has changed the record of this workspace") -> None:
        super().__init__(f"{what} since this run read it.")


class LockLost(LeftForNextRun):
    """The lock of this run is not valid any more, so another run may be working."""

    usual_advice = (
        "It stopped before its next write. Run the same command again: it does what is left."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(f"This run has lost its lock on the workspace: {reason}.")
        self.reason = reason


# Ctrl-C usually raises KeyboardInterrupt instead: a person waits. SIGTERM comes from a scheduler,
# which allows some seconds to finish and record the current requests.
class Stopped(LeftForNextRun):
    """The process was asked to end."""

    usual_advice = "What was started is finished and recorded; the next run does the rest."

    def __init__(self) -> None:
        super().__init__("Stopped, as requested.")


class TimeLimitReached(LeftForNextRun):
    """A run took as long as it may."""

    usual_advice = (
        "What was started is finished and recorded; the next run does the rest. To give it more "
        "time, use --time-limit."
    )

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The time limit of this run is reached ({seconds:g} seconds).")
        self.seconds = seconds
