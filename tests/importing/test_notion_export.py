"""Import Notion's own export: zip file or folder, links by page ids, bodies, bad archives."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.emulator import open_workspace
from notion_pm.errors import FileUnusable, UsageError
from notion_pm.importing.files import notion_export
from notion_pm.importing.files.notion_export import read_export
from notion_pm.model.ids import NotionId
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for

FIRMS, VOICES = "1a" * 16, "2b" * 16
NORTH, SOUTH, LOST, SLOW = (f"{letter}0" * 16 for letter in "abcd")
# Two firms of one name, one of them with a comma in it: only the ids tell which is meant.
FILES = {
    f"Space/Firms {FIRMS}_all.csv": '\ufeffCompany,Domain\n"Mill, Inc.",north.example\n"Mill, Inc.",south.example\n',
    f"Space/Firms {FIRMS}.csv": 'Company\n"Mill, Inc."\n"Mill, Inc."\n',
    f"Space/Firms/Mill, Inc {NORTH}.md": "# Mill, Inc.\n\nDomain: north.example\n",
    f"Space/Firms/Mill, Inc {SOUTH}.md": "# Mill, Inc.\n\nDomain: south.example\n",
    f"Space/Voices {VOICES}_all.csv": "Insight,Quote,Customer\n"
    f'Lost drafts,They vanish over night.,"Mill, Inc. (Firms/Mill,%20Inc%20{SOUTH}.md)"\n'
    f'Slow search,It takes a minute every time.,"Mill, Inc. (Firms/Mill,%20Inc%20{NORTH}.md)"\n',
    "Space/Voices/Lost drafts "
    f"{LOST}.md": "# Lost drafts\n\nQuote: They vanish over night.\nCustomer: Mill, Inc.\n\n"
    f"First seen in *May*.\n\nSee [Slow search](Slow%20search%20{SLOW}.md).\n",
    "Space/Voices/Slow search "
    f"{SLOW}.md": "# Slow search\n\nQuote: It takes a minute every time.\n",
    "Space/picture.png": "no picture",
}


def archive(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in files.items():
            written.writestr(name, text)
    return stream.getvalue()


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("notion-export") / "workspace.sqlite"
    done = CliRunner().invoke(
        main, ["--local", str(file), "apply", "discovery", "--yes", "--no-rows"]
    )
    assert done.exit_code == 0, done.output
    return file


class World:
    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--local", str(self.file), *arguments])

    def import_database(self, export: str, database: str, into: str) -> Any:
        command = (
            "import",
            export,
            "--sheet",
            database,
            "--into",
            into,
            "--map",
            f"{into}.yaml",
            "--yes",
            "--json",
        )
        if not Path(f"{into}.yaml").exists():
            proposed = self.run(*command)
            assert proposed.exit_code == 0, proposed.output
        done = self.run(*command)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def links(self) -> dict[str, list[str]]:
        """Return the domains of the customers of each insight."""
        done = self.run("export", "insights", "-o", "-", "--format", "json")
        rows = [row["properties"] for row in json.loads(done.stdout)]
        done = self.run("export", "customers", "-o", "-", "--format", "json")
        domains = {row["id"]: row["properties"]["Domain"] for row in json.loads(done.stdout)}
        return {row["Insight"]: [domains[link["id"]] for link in row["Customer"]] for row in rows}

    def body(self, title: str) -> str:
        workspace = open_workspace(self.file)
        notion, _ = notion_client_for(workspace)
        _, manifest = read_manifest(notion, NotionId(workspace.root_page_id))
        pages = notion.query(manifest.databases["insights"].data_source_id)
        (page,) = [page for page in pages if page.title == title]
        body = notion.page_markdown(page.id).markdown
        notion.close()
        workspace.close()
        return body


@pytest.fixture
def world(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for each in applied.parent.glob("workspace.sqlite*"):
        shutil.copy(each, tmp_path / each.name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    return World(tmp_path / "workspace.sqlite")


@pytest.mark.parametrize("form", ["zip", "parts", "folder"])
def test_exported_workspace_is_imported_with_links_and_bodies(world: World, form: str) -> None:
    if form == "folder":
        for name, text in FILES.items():
            Path("export", name).parent.mkdir(parents=True, exist_ok=True)
            Path("export", name).write_text(text, encoding="utf-8")
        export = "export"
    else:
        export = "export.zip"
        data = archive(FILES)
        if form == "parts":
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as outer:
                outer.writestr("ExportBlock-Part-1.zip", data)
            data = stream.getvalue()
        Path(export).write_bytes(data)
    assert len(world.import_database(export, "Firms", "customers")["created"]) == 2
    assert len(world.import_database(export, "Voices", "insights")["created"]) == 2
    assert world.links() == {
        "Lost drafts": ["https://south.example"],
        "Slow search": ["https://north.example"],
    }
    body = world.body("Lost drafts")
    assert "First seen in *May*." in body and "See Slow search." in body and "Quote:" not in body
    again = world.import_database(export, "Voices", "insights")
    assert (again["created"], again["updated"], again["unchanged"]) == ([], [], 2)


def test_database_must_be_named_if_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(archive(FILES))
    with pytest.raises(UsageError) as unclear:
        read_export(str(tmp_path / "export.zip"), None)
    assert "Firms, Voices" in unclear.value.advice
    with pytest.raises(UsageError):
        read_export(str(tmp_path / "export.zip"), "Nothing")


def test_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notion_export, "_LARGEST_FILE", 1000)
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(archive({f"Firms {FIRMS}.csv": "a" * 100_000}))
    with pytest.raises(FileUnusable):
        read_export(str(bomb), None)
    monkeypatch.setattr(notion_export, "_MOST_BYTES", 1500)
    bomb.write_bytes(archive({f"Firms {number} {FIRMS}.csv": "a" * 900 for number in range(3)}))
    with pytest.raises(FileUnusable):
        read_export(str(bomb), None)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04junk", b"no archive at all", archive(FILES)[:-40]]
)
def test_broken_archive_is_a_readable_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken.zip").write_bytes(data)
    with pytest.raises(FileUnusable):
        read_export(str(tmp_path / "broken.zip"), None)


def test_nothing_outside_the_export_is_read_or_written(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("Company\nSecret\n")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "Firms.csv").symlink_to(secret)
    with pytest.raises(UsageError):
        read_export(str(folder), None)
    (tmp_path / "climbing.zip").write_bytes(archive({"../../climbed.csv": "Company\nMill\n"}))
    assert read_export(str(tmp_path / "climbing.zip"), None).csv == b"Company\nMill\n"
    assert not (tmp_path.parent.parent / "climbed.csv").exists()
