"""Everything that can go wrong for a user, as a tree.

NotionPmError                      exit 1
 ├─ UsageError                     exit 1   the command line or the settings need a change
 │   ├─ NoWorkspace                         neither a token nor a local file
 │   └─ InvalidNotionId
 ├─ TemplateInvalid                exit 1   all problems of a template in one report
 │   └─ ValuesMissing                       variables without a value are among them
 ├─ MappingInvalid                 exit 1   all problems of a mapping of `adopt` or `import` in one report
 ├─ RowsRejected                   exit 1   an import left out rows; all others were imported
 ├─ NotionError                    exit 1   Notion refused, or could not be reached
 │   ├─ Unauthorized
 │   ├─ NotShared                           404: missing, or not shared with the connection
 │   ├─ CapabilityMissing                          403: the connection lacks a capability
 │   ├─ RequestRefused                      400: Notion did not accept the request
 │   ├─ RateLimited                         the wait that Notion asks for is longer than we may wait
 │   ├─ Unavailable                         5xx, after all retries
 │   ├─ Unreachable                         no connection to Notion, or it was lost: DNS, TLS, a proxy, a timeout
 │   ├─ InvalidResponse                        an answer that is not Notion's: no JSON, cut, nested without end
 │   │   └─ ResponseTooLarge
 │   └─ OutcomeUnknown                      a write may or may not have happened, and could not be looked up
 ├─ IncompleteRead                 exit 1   a partial result is never passed on as if it were whole
 ├─ FileNotDownloaded                          an attached file cannot be downloaded; caught, and a link is left
 ├─ FilesNotDownloaded                   exit 1   an export left out attached files; all else was written
 ├─ LinkExpired                    exit 1   its address is too old; caught, and a fresh one is read
 ├─ FileUnusable                   exit 1   a file or folder of this machine cannot be read or written
 │   ├─ FileMissing                         there is no such file
 │   └─ FileNotText                         it is not text in UTF-8
 ├─ StateUnusable                  exit 1   the database that keeps what sync remembers cannot be used
 ├─ RecordUnreadable             exit 1   the record in the workspace is damaged, or from a newer version
 │   └─ RecordFromLaterVersion
 ├─ RecordEdited                   exit 1   the record was changed by hand, and may name other databases
 ├─ RecordCopied                   exit 1   the record was copied here from another page, with its databases
 ├─ RecordMoved                    exit 1   the record was moved here, and its databases were not
 ├─ RecordLost                     exit 1   databases of a template are here, and their record is not
 ├─ NotConverged                   exit 1   after an apply the workspace still differs from the template
 ├─ CreatedTwice                      exit 1   a repeated request created something a second time, and it is in use
 ├─ Unexpected                     exit 1   a fault of ours
 ├─ NotificationFailed             exit 1   told on stderr only: the run itself is not affected
 ├─ UnsafeChange                   exit 3   a threshold or a lossy change stops a run before its first write
 │   ├─ ChangedDuringRun                    people changed what a run was about to change, or to take away
 │   └─ OptionStillUsed                         people chose an option on more pages while it was being replaced
 ├─ ConflictsFound                 exit 4   people and rules disagree, and somebody asked to be told by exit code
 └─ LeftForNextRun                         exit 5   nothing is wrong: the next run does what is left
     ├─ PlanKeepsChanging                   people edit the workspace while apply plans
     ├─ AlreadyRunning                      another sync or apply works on this workspace
     ├─ WorkspaceLocked                     a run on another machine works on this workspace
     ├─ RecordChanged                       another run changed the record after this one had read it
     ├─ LockLost                            this run's claim on the workspace was removed or has expired
     ├─ Stopped                             the process was asked to end (SIGTERM)
     └─ TimeLimitReached                              the run has taken as long as it may

Exit codes are stable: 0 nothing to do or done, 1 error, 2 changes (with ``plan --exit-code``), 3 unsafe, 4 conflicts,
5 left for the next run, 6 Notion does not behave as expected (``doctor --probe``).
An error carries its facts as fields. Its text says what happened and where; `advice` says what to do next. Only the
root command turns one into text on a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from notion_pm.text import quantity


class NotionPmError(Exception):
    """The root of all errors that a user is meant to read."""

    exit_code: ClassVar[int] = 1

    @property
    def advice(self) -> str:
        """What to do next; empty when the message says it all."""
        return ""


class UsageError(NotionPmError):
    """The command line or the settings need a change."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self._advice = advice

    @property
    def advice(self) -> str:
        return self._advice


class NoWorkspace(UsageError):
    """Neither a token nor a local workspace was named."""

    def __init__(self) -> None:
        super().__init__(
            "No workspace to work on.",
            "Either try it without a token on a local workspace:  notion-pm --local demo.sqlite plan product\n"
            "or connect a real one: run  notion-pm init  (or set NOTION_TOKEN and NOTION_PM_PARENT_PAGE).",
        )


class InvalidNotionId(UsageError):
    """A text that should name a page or database holds no Notion id."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is neither a Notion id nor a Notion URL.",
            "Copy the page's link in Notion (••• > Copy link) and give it as it is.",
        )
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file: where, what, and what to do about it. Lines count from 1; 0 is the file as a whole."""

    file: str
    line: int
    message: str
    advice: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" + (f" {self.advice}" if self.advice else "")


_MOST_PROBLEMS_SHOWN = 100
"""A broken file can have many thousands of problems, most of them with one cause; nobody reads more than these."""


_LONGEST_PROBLEM = 1_000
"""Characters. A problem quotes the file, which may have anything in it."""


def _problem_report(path: Path, problems: Sequence[Problem]) -> str:
    count = quantity(len(problems), "problem")
    shown = [f"  {_cut(str(problem))}" for problem in problems[:_MOST_PROBLEMS_SHOWN]]
    if len(problems) > len(shown):
        shown.append(f"  ... and {len(problems) - len(shown):,} more. Correct these first.")
    return "\n".join([f"{path} has {count}:", *shown])


def _cut(problem: str) -> str:
    if len(problem) <= _LONGEST_PROBLEM:
        return problem
    return f"{problem[:_LONGEST_PROBLEM]}..."


class TemplateInvalid(NotionPmError):
    """A template file has problems; all of them are here."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__(_problem_report(path, problems))
        self.path = path
        self.problems = tuple(problems)

    @property
    def advice(self) -> str:
        return "Correct the file and run  notion-pm templates validate  on it."


class MappingInvalid(NotionPmError):
    """A mapping of `adopt` or a map of `import` has problems; all of them are here."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__(_problem_report(path, problems))
        self.path = path
        self.problems = tuple(problems)

    @property
    def advice(self) -> str:
        return "Nothing was changed. Correct the file, or name one that is not there yet: a new one is proposed."


class RowsRejected(NotionPmError):
    """Rows of a file were not imported; all others were. Fields: `count`, `path` of the file that holds them."""

    def __init__(self, count: int, path: Path) -> None:
        super().__init__(f"{quantity(count, 'row was', 'rows were')} not imported.")
        self.count = count
        self.path = path

    @property
    def advice(self) -> str:
        return f"{self.path} has them, each with what is wrong. Correct them there, and import that file."


class ValuesMissing(TemplateInvalid):
    """A template has variables that nobody gave a value to; the workspace may remember one."""


class NotionError(NotionPmError):
    """Notion refused a request, or could not be reached.

    Fields: `status` (HTTP, 0 when there was no answer), `code` (Notion's own), `request` (method and path),
    `request_id` (Notion's, for its support).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        request: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request = request
        self.request_id = request_id


class Unauthorized(NotionError):
    """Notion does not accept the token. `token_name`: the variable that held it, or what else to call it."""

    def __init__(self, message: str, *, token_name: str = "", **fields: object) -> None:
        super().__init__(message, **fields)  # type: ignore[arg-type]
        self.token_name = token_name

    @property
    def advice(self) -> str:
        return (
            f"Check {self.token_name or 'the token'}: copy it again from the connection's page "
            "(notion.so/profile/integrations), or run  notion-pm init."
        )


class NotShared(NotionError):
    """A page, database or block does not exist, or is not shared with the connection."""

    @property
    def advice(self) -> str:
        return (
            "Share it with the connection: open the page in Notion, ••• > Connections > your connection. "
            "Then  notion-pm doctor  tells whether it worked."
        )


class CapabilityMissing(NotionError):
    """The connection lacks a capability, or the workspace's plan forbids the request."""

    @property
    def advice(self) -> str:
        return (
            "Give the connection the capabilities to read, update and insert content "
            "(notion.so/profile/integrations > Capabilities), then run  notion-pm doctor."
        )


class RequestRefused(NotionError):
    """Notion did not accept the request: a mistake of the template, or of ours."""


class InTrash(RequestRefused):
    """Something was to be written to a page that is in the trash, or that is below one in the trash."""

    @property
    def advice(self) -> str:
        return (
            "Somebody moved the page, its database or a page around it to the trash. Restore it in "
            "Notion (Trash in the sidebar), and run the command again: it goes on where it stopped."
        )


class RateLimited(NotionError):
    """Notion asks for a longer wait than `--max-wait` allows."""

    def __init__(self, message: str, *, retry_after: float, **fields: object) -> None:
        super().__init__(message, **fields)  # type: ignore[arg-type]
        self.retry_after = retry_after

    @property
    def advice(self) -> str:
        if self.retry_after > 86_400:
            return "Such a wait makes no sense: check NOTION_PM_BASE_URL, or ask Notion's support."
        return f"Run the command again in {self.retry_after:.0f} seconds, or allow a longer wait with --max-wait."


class Unavailable(NotionError):
    """Notion failed or could not be reached, also after retries."""

    @property
    def advice(self) -> str:
        return "Nothing is lost: run the same command again. status.notion.so tells of outages."


class Unreachable(Unavailable):
    """No connection to Notion could be made, or it was lost. The message names the host and why."""

    def __init__(self, message: str, *, certificate: bool = False, **fields: object) -> None:
        super().__init__(message, **fields)  # type: ignore[arg-type]
        self.certificate = certificate

    @property
    def advice(self) -> str:
        if self.certificate:
            return (
                "Behind a company's proxy, let SSL_CERT_FILE name the file with its certificates "
                "(docs/configuration.md, Behind a proxy)."
            )
        return (
            "Nothing is lost: check the network (docs/configuration.md, Behind a proxy), "
            "then run the same command again."
        )


class InvalidResponse(Unavailable):
    """A server or a proxy answered with something that Notion does not send."""

    @property
    def advice(self) -> str:
        return (
            "Something between this machine and Notion may answer in its place: a proxy, or a network that wants "
            "a login. Check NOTION_PM_BASE_URL and the proxy, then run the same command again."
        )


class ResponseTooLarge(InvalidResponse):
    """An answer is larger than any of Notion's that makes sense."""


class OutcomeUnknown(Unavailable):
    """A request that creates something got no clear answer: it may have been carried out."""

    @property
    def advice(self) -> str:
        return (
            "Run the same command again: it looks for what was created before it creates anything."
        )


class IncompleteRead(NotionPmError):
    """Notion gave only a part of what was asked for, and a part must not pass as the whole."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"Notion returned only a part of {what}.")
        self._advice = advice or "Nothing was written. Run the command again."

    @property
    def advice(self) -> str:
        return self._advice


class FileUnusable(NotionPmError):
    """A file or folder of this machine cannot be read or written: no right to it, no room, damaged."""

    def __init__(self, path: Path | str, reason: str, advice: str = "") -> None:
        super().__init__(f"{path} cannot be used: {reason}.")
        self.path = path
        self.reason = reason
        self._advice = (
            advice
            or "Look at the path, your rights to it and the room on the disk, then run it again."
        )

    @classmethod
    def from_os(cls, error: OSError) -> FileUnusable:
        """Tell what the operating system refused."""
        return cls(error.filename or "The output", error.strerror or str(error))

    @property
    def advice(self) -> str:
        return self._advice


class FileMissing(FileUnusable):
    """There is no such file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "there is no such file", "Look at the path.")


class FileNotText(FileUnusable):
    """A file that should be text is not UTF-8. `line`: the first line that is not, from 1."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(
            path, f"line {line} is not text in UTF-8", "Save it as UTF-8, or name another file."
        )
        self.line = line


class StateUnusable(NotionPmError):
    """The database that keeps what sync remembers cannot be reached or used. `database`: its URL, without password."""

    def __init__(self, database: str, reason: str, advice: str = "") -> None:
        super().__init__(f"The state in {database} cannot be used: {reason}")
        self.database = database
        self._advice = advice

    @property
    def advice(self) -> str:
        usual = "Check NOTION_PM_STATE (or `state` in notion-pm.toml), and whether the database runs and lets you in."
        return self._advice or usual


class RecordUnreadable(NotionPmError):
    """The record of a template in the workspace cannot be read, or cannot be written.

    `page_id` is the record page that cannot be read, once it is known.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.page_id = ""
        self._advice = advice or (
            "Restore the record page with Notion's page history (••• > Version history), then run the command again; "
            "or build the record again from the databases:  notion-pm repair"
        )

    @property
    def advice(self) -> str:
        return self._advice


class RecordFromLaterVersion(RecordUnreadable):
    """The record was written by a later version of notion-pm: there is nothing wrong with it."""


class RecordEdited(NotionPmError):
    """The record is not as notion-pm wrote it: a person changed it, so it may name databases of others.

    Fields: `template`, and `url` of the record page.
    """

    def __init__(self, *, template: str, url: str, how: str = "") -> None:
        what = how or "its checksum does not match its content"
        super().__init__(
            f"The record of {template} was changed by hand: {what}. So it may name other databases than the template's."
        )
        self.template = template
        self.url = url

    @property
    def advice(self) -> str:
        return (
            "Nothing was changed. There are two ways on:\n"
            f"  - To undo the change: open {self.url} and restore an earlier version (••• > Version history).\n"
            "  - To build the record again from the databases that are there:  "
            f"notion-pm repair {self.template}\n"
            "    It shows what it found, and asks."
        )


class RecordCopied(NotionPmError):
    """A record belongs to another page than the one that it is on: it is a copy, made with Notion's *Duplicate*.

    Fields: `title`, `template`, `page_id` and `url` of the record page. `original` is the link of the page that
    the record belongs to, empty where it does not say.
    """

    def __init__(
        self, *, title: str, template: str, page_id: str, url: str, original: str = ""
    ) -> None:
        where = f" The original is under {original}." if original else ""
        super().__init__(
            f"The record page {title!r} is a copy: somebody duplicated it in Notion, or the page above it. "
            f"It names the databases of the original page, not the ones here.{where}"
        )
        self.title = title
        self.template = template
        self.page_id = page_id
        self.url = url
        self.original = original

    @property
    def advice(self) -> str:
        return (
            "Nothing was changed. There are two ways on:\n"
            "  - To set up a new client with the copied databases:  "
            f"notion-pm adopt {self.template}\n"
            "    It moves the copied record to the trash and starts a record for this page.\n"
            f"  - To go on with the original alone: delete the copied record page, {self.url}"
        )


class RecordMoved(NotionPmError):
    """A record was moved under another parent page, and its databases were not.

    Fields: `title` of the record page, `origin`: the link of the page that it belongs under.
    """

    def __init__(self, *, title: str, origin: str) -> None:
        super().__init__(
            f"The record page {title!r} was moved here from {origin}. Its databases are not under this page."
        )
        self.title = title
        self.origin = origin

    @property
    def advice(self) -> str:
        return (
            f"Nothing was changed. Move the record page back in Notion (••• > Move to), move its databases here as "
            f"well, or work with {self.origin} as the parent page."
        )


class RecordLost(NotionPmError):
    """Databases of a template are under the parent page, and the record that says whose they are is not.

    Field: `page_id` of the record page, where it is in the trash.
    """

    def __init__(self, message: str, advice: str, *, page_id: str = "") -> None:
        super().__init__(message)
        self.page_id = page_id
        self._advice = advice

    @property
    def advice(self) -> str:
        return self._advice


class NotConverged(NotionPmError):
    """After an apply the workspace still differs from the template."""

    def __init__(self, remaining: Sequence[str]) -> None:
        super().__init__("After the apply these still differ: " + ", ".join(remaining))
        self.remaining = tuple(remaining)

    @property
    def advice(self) -> str:
        return "Somebody may have edited the workspace meanwhile. Run  notion-pm plan  to see what is left."


class CreatedTwice(NotionPmError):
    """A proxy repeated a request, so that Notion created something twice, and the second one may be in use."""

    def __init__(self, twins: Sequence[str]) -> None:
        super().__init__(
            "These exist twice, and the second one may hold somebody's work: " + "; ".join(twins)
        )
        self.twins = tuple(twins)

    @property
    def advice(self) -> str:
        return "Move what is needed to the one that is recorded, and delete the other. All else is applied."


class InternalError(NotionPmError):
    """Something broke that should not: a fault of notion-pm, not of the user.

    It names the kind of error and the line of ours that raised it, never the error's own text: that may quote a token
    or a customer's words.
    """

    def __init__(self, cause: BaseException, advice: str = "") -> None:
        super().__init__(f"A fault of notion-pm: {type(cause).__name__}{_raised_at(cause)}.")
        self.cause = cause
        self._advice = (
            advice
            or "Run the same command again with --debug to see where it comes from, and report it."
        )

    @property
    def advice(self) -> str:
        return self._advice


def _raised_at(error: BaseException) -> str:
    """Return the last line of notion-pm that the error passed through, such as ` (cells.py:57)`."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "notion_pm" in file.parts:
            place = f" ({file.name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place


class NotificationFailed(NotionPmError):
    """The message about a run could not be delivered; the run itself is not affected."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"The notification to {host} failed: {reason}.")
        self.host = host

    @property
    def advice(self) -> str:
        return "Check the URL given with --notify (or NOTION_PM_NOTIFY)."


class UnsafeChange(NotionPmError):
    """A threshold, or a change that loses data, stops a run before its first write."""

    exit_code = 3

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self._advice = advice

    @property
    def advice(self) -> str:
        return self._advice


class ChangedDuringRun(UnsafeChange):
    """People changed what a run was about to change or take away. What they did is left as it is."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(
            f"{where}: While this command was running, {what}. It stopped before changing that.",
            "What was done before is kept. See what is left with  notion-pm plan , then run the same command again.",
        )

    @classmethod
    def with_more_pages(cls, address: str, titles: Sequence[str], before: int) -> ChangedDuringRun:
        """Return the error for pages that got a value after the plan had counted `before` pages with one."""
        count = quantity(len(titles), "more page")
        named = ", ".join(repr(title) for title in titles[:3])
        return cls(
            address, f"{count} got a value that would be lost ({named}; {before} were counted)"
        )


class OptionStillUsed(UnsafeChange):
    """People chose an option that is to go while the pages that held it were being moved. Nothing is lost."""

    def __init__(self, database: str, titles: Sequence[str]) -> None:
        count = quantity(len(titles), "page")
        super().__init__(
            f"Meanwhile {count} of {database} got an option that is being replaced: {', '.join(titles[:3])}",
            "Run the same command again: it moves these pages too, and then removes the option.",
        )
        self.database = database
        self.titles = tuple(titles)


class ConflictsFound(NotionPmError):
    """People and rules disagree about a value."""

    exit_code = 4


class LeftForNextRun(NotionPmError):
    """Nothing is wrong, and something is left to do: the next run does it."""

    exit_code = 5


class PlanKeepsChanging(LeftForNextRun):
    """Each time that apply made its plan, just before its first write, the plan was another one."""

    def __init__(self) -> None:
        super().__init__(
            "The plan changed each time it was made: somebody is editing the workspace."
        )

    @property
    def advice(self) -> str:
        return "Nothing was changed. Run the same command again when they are done."


class FileNotDownloaded(NotionPmError):
    """An attached file cannot be downloaded; caught, and a link to it is left."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The attached file {name!r} cannot be downloaded: {reason}.")
        self.name = name
        self.reason = reason


class FilesNotDownloaded(NotionPmError):
    """An export is written, and some of the files attached to its pages were not downloaded."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{quantity(count, 'attached file was', 'attached files were')} not downloaded."
        )
        self.count = count

    @property
    def advice(self) -> str:
        return "Everything else is written, with links in their place that work for an hour. Run it again for them."


class LinkExpired(NotionPmError):
    """The address of a file that Notion stores is no longer valid: it is after about an hour (notion-api.md 2.8)."""


class AlreadyRunning(LeftForNextRun):
    """Another sync or apply of the same workspace is running; with a shared state, on any machine."""

    def __init__(self) -> None:
        super().__init__("Another sync or apply of this workspace is running.")

    @property
    def advice(self) -> str:
        return "Nothing was changed. Wait until it has ended, then run the command again if it is still needed."


class WorkspaceLocked(LeftForNextRun):
    """A run on another machine works on this workspace. `holder` says which, since when, and until when it counts."""

    def __init__(self, holder: str, expires: str) -> None:
        super().__init__(f"Another run is at work on this workspace: {holder}.")
        self.holder = holder
        self.expires = expires

    @property
    def advice(self) -> str:
        return (
            f"Nothing was changed. Wait until it has ended, then run the command again. If it has crashed, its claim "
            f"expires at {self.expires}. If you are sure that it is dead, add --break-lock."
        )


class RecordChanged(LeftForNextRun):
    """Another run has changed the record since this one read it, so that the decision is out of date."""

    def __init__(self, what: str = "Another run has changed the record of this workspace") -> None:
        super().__init__(f"{what} since this run has looked at it.")

    @property
    def advice(self) -> str:
        return "Nothing was changed. Run the same command again: it decides on what is there now."


class LockLost(LeftForNextRun):
    """The claim of this run does not count any more, so that another run may be at work."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This run has lost its lock on the workspace: {reason}.")
        self.reason = reason

    @property
    def advice(self) -> str:
        return "It stopped before its next write. Run the same command again: it does what is left."


class Stopped(LeftForNextRun):
    """The process was asked to end."""

    def __init__(self) -> None:
        super().__init__("Stopped, as asked.")

    @property
    def advice(self) -> str:
        return "What was begun is finished and remembered; the next run does the rest."


class TimeLimitReached(LeftForNextRun):
    """A run has taken as long as it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The time of this run is up ({seconds:g} seconds).")
        self.seconds = seconds

    @property
    def advice(self) -> str:
        return "What was begun is finished and remembered; the next run does the rest. --time-limit gives it more."
