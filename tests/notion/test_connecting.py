"""Connecting a workspace: settings, init, doctor, and what is said when something is missing."""

from __future__ import annotations

import stat

import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import NoConfig, PropertyPatch
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program

ABSENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def connected(program: Program, workspace: LocalWorkspace, url: str) -> Program:
    program.environment |= {
        "NOTION_PM_BASE_URL": url,
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    return program


def test_without_a_workspace_both_ways_on_are_named(program: Program) -> None:
    done = program("doctor")
    assert done.code == 1
    assert done.out == ""
    assert "--local" in done.err and "notion-pm init" in done.err
    assert "Traceback" not in done.err


def test_doctor_finds_everything_in_place(connected: Program) -> None:
    done = connected("doctor", "--write", "--json")
    assert done.code == 0, done.err
    assert done.json["ok"] is True
    checks = {each["name"]: each["ok"] for each in done.json["checks"]}
    assert (
        checks["token"]
        and checks["parent page"]
        and checks["read content"]
        and checks["write content"]
    )
    assert done.json["requests"] == 5


def test_doctor_turns_a_404_into_the_next_click(connected: Program) -> None:
    connected.environment["NOTION_PM_PARENT_PAGE"] = ABSENT
    done = connected("doctor")
    assert done.code == 1
    assert (
        f"Share page https://app.notion.com/p/{ABSENT.replace('-', '')} with connection" in done.out
    )
    assert "••• (top right) > Connections" in done.out


def test_doctor_knows_a_database_and_pages_that_keep_no_record(
    connected: Program, workspace: LocalWorkspace
) -> None:
    notion, _ = notion_client_for(workspace)
    root = NotionId(workspace.root_page_id)
    title = {"Name": PropertyPatch(type="title", config=NoConfig())}
    database = notion.create_database(root, "Ideas", title, look_up=lambda: None)
    for _ in range(2):
        notion.create_page(root, "notion-pm: product", look_up=lambda: None)
    notion.close()
    copies = connected("doctor")
    assert copies.code == 1 and "template product" in copies.out
    connected.environment["NOTION_PM_PARENT_PAGE"] = database.url
    done = connected("doctor")
    assert done.code == 1 and "'Ideas' is a database, not a page" in done.out


def test_a_wrong_token_is_never_shown(connected: Program) -> None:
    connected.environment["NOTION_TOKEN"] = "ntn_wrong_but_still_secret"
    done = connected("doctor")
    assert done.code == 1
    assert "API token is invalid" in done.out
    assert "still_secret" not in done.out + done.err


@pytest.mark.parametrize("token", ["ntn_secret\nx", "ntn_sécret"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(
    connected: Program, token: str
) -> None:
    connected.environment["NOTION_TOKEN"] = token
    for done in (connected("doctor"), connected("plan", "--debug")):
        assert done.code == 1
        assert "The token contains characters that no token has" in done.err
        assert "ntn_s" not in done.out + done.err
    assert "Traceback" not in connected("plan").err


@pytest.mark.parametrize(
    "wrong", ["localhost:8200", "ftp://localhost", "https://api.notion.com/v1", "https://"]
)
def test_an_invalid_server_address_is_named(connected: Program, wrong: str) -> None:
    connected.environment["NOTION_PM_BASE_URL"] = wrong
    done = connected("doctor")
    assert done.code == 1
    assert f"NOTION_PM_BASE_URL: '{wrong}'" in done.err


@pytest.mark.parametrize("name", [".env", "notion-pm.toml"])
def test_settings_that_are_not_text_are_reported(program: Program, name: str) -> None:
    (program.folder / name).write_bytes(b"\xff\xfeN\x00")
    done = program("doctor")
    assert done.code == 1
    assert done.err.startswith(f"Error: {name} is not UTF-8 text") and "Traceback" not in done.err


def test_the_environment_fills_in_what_the_config_file_leaves_out(
    connected: Program,
) -> None:
    page = connected.environment.pop("NOTION_PM_PARENT_PAGE")
    (connected.folder / "notion-pm.toml").write_text(
        f'\ufeff[workspaces.acme]\r\nparent_page = "{page}"\r\n', "utf-8"
    )
    assert connected("-w", "acme", "doctor").code == 0  # at NOTION_PM_BASE_URL, with NOTION_TOKEN


def test_an_unreachable_server_is_reported(connected: Program) -> None:
    connected.environment["NOTION_PM_BASE_URL"] = "http://127.0.0.1:9"
    connected.environment["NOTION_PM_BUDGET"] = "not a number"
    done = connected("doctor")
    assert done.code == 1 and "NOTION_PM_BUDGET" in done.err


def test_init_asks_checks_and_writes_a_private_file(
    program: Program, workspace: LocalWorkspace, url: str
) -> None:
    program.environment["NOTION_PM_BASE_URL"] = url
    file = program.folder / ".env"
    file.write_text("# mine\nNOTION_TOKEN=old\nOTHER=kept\n")
    done = program("init", stdin=f"{workspace.token}\nnonsense\n{'2' * 32}\n1\n")
    assert done.code == 0, done.err
    assert "Warning" not in done.err
    assert workspace.token not in done.out + done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = file.read_text().splitlines()
    assert lines[:3] == ["# mine", f"NOTION_TOKEN={workspace.token}", "OTHER=kept"]
    assert f"NOTION_PM_PARENT_PAGE={workspace.root_page_id}" in lines
    del program.environment["NOTION_PM_BASE_URL"]
    assert program("doctor").code == 0


def test_init_explains_how_to_share_a_page_that_is_not(
    program: Program, workspace: LocalWorkspace, url: str
) -> None:
    program.environment |= {"NOTION_PM_BASE_URL": url, "NOTION_TOKEN": workspace.token}
    done = program("init", "--parent-page", ABSENT)
    assert done.code == 1
    assert "Connections" in done.err
    assert not (program.folder / ".env").exists()


def test_one_of_several_clients_is_chosen_by_name(
    program: Program, workspace: LocalWorkspace, url: str
) -> None:
    program.environment |= {"ACME_NOTION_TOKEN": workspace.token, "NOTION_PM_BASE_URL": url}
    (program.folder / "notion-pm.toml").write_text(
        f"""
        [workspaces.acme]
        parent_page = "{workspace.root_page_id}"
        token_env = "ACME_NOTION_TOKEN"

        [workspaces.globex]
        parent_page = "{workspace.root_page_id}"
        token_env = "GLOBEX_NOTION_TOKEN"
        """
    )
    assert program("-w", "acme", "doctor").code == 0
    assert program("doctor", "-w", "acme").code == 0
    undecided = program("doctor")
    assert undecided.code == 1 and "acme, globex" in undecided.err
    without_token = program("-w", "globex", "doctor")
    assert without_token.code == 1 and "GLOBEX_NOTION_TOKEN" in without_token.err
    unknown = program("-w", "initech", "doctor")
    assert unknown.code == 1 and "initech" in unknown.err


def test_mistakes_in_the_configuration_are_named(program: Program) -> None:
    (program.folder / "notion-pm.toml").write_text("[workspaces.acme]\nparent = 1\nbudget = 0\n")
    done = program("doctor")
    assert done.code == 1
    for place in (
        "workspaces.acme.parent_page",
        "workspaces.acme.parent:",
        "workspaces.acme.budget",
    ):
        assert place in done.err


def test_local_info_as_json(program: Program) -> None:
    done = program("local", "info", "w.sqlite", "--json")
    assert {"root_page_id", "token"} <= done.json.keys()
    assert program("--local", "w.sqlite", "doctor").code == 0
    program.environment["NOTION_PM_LOCAL"] = "w.sqlite"
    assert program("doctor").code == 0


def test_a_file_that_is_not_a_workspace_is_not_changed(program: Program) -> None:
    (program.folder / "notes.txt").write_text("precious")
    done = program("--local", "notes.txt", "doctor")
    assert done.code == 1
    assert "notes.txt" in done.err and "Traceback" not in done.err
    assert (program.folder / "notes.txt").read_text() == "precious"


# --- doctor, once templates are applied


@pytest.fixture
def provisioned(connected: Program) -> Program:
    applied = connected("apply", "product", "--yes", "--no-rows")
    assert applied.code == 0, applied.err
    return connected


def _checks(program: Program) -> dict[str, tuple[bool | None, str, str]]:
    found = program("doctor", "--json").json["checks"]
    return {each["name"]: (each["ok"], each["detail"], each["advice"]) for each in found}


def test_doctor_accepts_an_applied_template(provisioned: Program) -> None:
    checks = _checks(provisioned)
    assert all(ok for ok, _, _ in checks.values())
    assert checks["template product"][1] == "applied: product, version 2"
    assert {"databases of product", "views of product", "local state", "rules"} <= checks.keys()


def test_doctor_reports_a_trashed_database_and_missing_rule_inputs(
    provisioned: Program, workspace: LocalWorkspace
) -> None:
    notion, _ = notion_client_for(workspace)
    blocks = notion.list_children(workspace.root_page_id)
    ids = {each.title: each.id for each in blocks if each.type == "child_database"}
    insights = notion.get_data_source(
        notion.get_database(ids["Customer insights"]).data_source_ids[0]
    )
    status = insights.find_property("Status")
    assert status is not None
    notion.update_data_source(insights.id, {status.id: None})
    notion.trash_database(ids["Vision"])
    notion.close()
    checks = _checks(provisioned)
    assert (
        checks["database 'Vision'"][0] is False
        and "Restore it in Notion" in checks["database 'Vision'"][2]
    )
    assert checks["rules"][0] is False and "insights.status" in checks["rules"][1]
    assert "notion-pm plan product" in checks["rules"][2]


def test_doctor_reports_a_damaged_record(provisioned: Program, workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    page = next(
        each
        for each in notion.list_children(workspace.root_page_id)
        if each.title == "notion-pm: product"
    )
    record = next(each for each in notion.list_children(page.id) if each.type == "code")
    notion.update_text_block(record.id, "code", "oops", language="json")
    notion.close()
    ok, detail, advice = _checks(provisioned)["template product"]
    assert ok is False and "cannot be read" in detail and "page history" in advice


def test_doctor_warns_if_others_can_read_the_token(connected: Program) -> None:
    file = connected.folder / ".env"
    file.write_text("OTHER=x\n")
    file.chmod(0o644)
    assert _checks(connected)["settings"][2] == "Make it private:  chmod 600 .env"
    file.chmod(0o600)
    assert "settings" not in _checks(connected)
