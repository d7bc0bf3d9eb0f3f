"""Which server may get a token, by where the token and the name of the server come from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from notion_pm.config import NOTION_URL, Remote, choose_target, configured_state
from notion_pm.config.server import normalised_url
from notion_pm.config.state_place import raise_if_state_redirected
from notion_pm.errors import FileUnusable, UsageError

PAGE = "0123456789abcdef0123456789abcdef"
ELSEWHERE = "https://notion.example.com"
HERE = "http://127.0.0.1:8200"
ENTRY = f'[workspaces.acme]\nparent_page = "{PAGE}"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, and no variable of ours in the environment."""
    for name in list(os.environ):
        if name.startswith("NOTION_PM_") or name.endswith("NOTION_TOKEN"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def chosen(
    monkeypatch: pytest.MonkeyPatch,
    *,
    environment: dict[str, str] | None = None,
    env_file: str = "",
    toml: str = "",
    workspace: str | None = None,
) -> Remote:
    """Return the workspace that these settings name."""
    for name, value in (environment or {}).items():
        monkeypatch.setenv(name, value)
    if env_file:
        Path(".env").write_text(env_file)
    if toml:
        Path("notion-pm.toml").write_text(toml)
    target = choose_target(local=None, workspace=workspace)
    assert isinstance(target, Remote)
    return target


@pytest.mark.parametrize(
    "server", [ELSEWHERE, HERE, "http://127.0.0.2:1", "http://[::1]:1", "http://localhost:1"]
)
@pytest.mark.parametrize(
    ("environment", "env_file", "toml"),
    [
        ({"NOTION_TOKEN": "t"}, "NOTION_PM_BASE_URL={server}", ""),
        ({"NOTION_TOKEN": "t"}, "NOTION_PM_BASE_URL={server}", ENTRY),
        (
            {"ACME_NOTION_TOKEN": "t"},
            "",
            ENTRY + 'token_env = "ACME_NOTION_TOKEN"\nbase_url = "{server}"',
        ),
        (
            {"ACME_NOTION_TOKEN": "t"},
            "NOTION_PM_BASE_URL={server}",
            ENTRY + 'token_env = "ACME_NOTION_TOKEN"',
        ),
        (
            {"ACME_NOTION_TOKEN": "t"},
            "ACME_NOTION_PM_BASE_URL={server}",
            ENTRY + 'token_env = "ACME_NOTION_TOKEN"',
        ),
        (
            {},
            "ACME_NOTION_TOKEN=t",
            ENTRY + 'token_env = "ACME_NOTION_TOKEN"\nbase_url = "{server}"',
        ),
        ({"NOTION_TOKEN": ""}, "NOTION_TOKEN=t", ENTRY + 'base_url = "{server}"'),
        ({}, "NOTION_PM_BASE_URL={server}", ENTRY + 'token = "t"'),
        ({"NOTION_TOKEN": "t"}, "NOTION_TOKEN=other\nNOTION_PM_BASE_URL={server}", ""),
    ],
)
def test_a_file_never_redirects_a_token_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    env_file: str,
    toml: str,
    server: str,
) -> None:
    workspace = "acme" if toml else None
    with pytest.raises(UsageError, match="would be sent to"):
        chosen(
            monkeypatch,
            environment=environment,
            env_file=env_file.replace("{server}", server),
            toml=toml.replace("{server}", server),
            workspace=workspace,
        )


@pytest.mark.parametrize(
    ("environment", "env_file", "toml", "server"),
    [
        ({"NOTION_TOKEN": "t"}, "", "", NOTION_URL),
        ({"NOTION_TOKEN": "t"}, f"NOTION_PM_BASE_URL={NOTION_URL}", "", NOTION_URL),
        ({"NOTION_TOKEN": "t"}, f"NOTION_PM_BASE_URL={NOTION_URL}:443/", "", NOTION_URL),
        ({"NOTION_TOKEN": "t", "NOTION_PM_BASE_URL": ELSEWHERE}, "", "", ELSEWHERE),
        (
            {"NOTION_TOKEN": "t", "NOTION_PM_BASE_URL": HERE},
            f"NOTION_PM_BASE_URL={ELSEWHERE}",
            "",
            HERE,
        ),
        ({"NOTION_PM_BASE_URL": HERE}, "NOTION_TOKEN=t", "", HERE),
        ({"NOTION_PM_BASE_URL": HERE}, "", ENTRY + 'token = "t"', HERE),
        ({}, f"NOTION_TOKEN=t\nNOTION_PM_BASE_URL={ELSEWHERE}", "", ELSEWHERE),
        ({}, f"NOTION_TOKEN=t\nNOTION_PM_BASE_URL={HERE}", ENTRY, HERE),
        ({}, "", ENTRY + f'token = "t"\nbase_url = "{ELSEWHERE}"', ELSEWHERE),
        ({"NOTION_TOKEN": "t"}, "", ENTRY + f'base_url = "{NOTION_URL}"', NOTION_URL),
        (
            {"A_NOTION_TOKEN": "t", "NOTION_PM_BASE_URL": HERE},
            f"A_NOTION_PM_BASE_URL={ELSEWHERE}",
            ENTRY + 'token_env = "A_NOTION_TOKEN"',
            HERE,
        ),
        (
            {},
            f"A_NOTION_TOKEN=t\nA_NOTION_PM_BASE_URL={HERE}\nNOTION_PM_BASE_URL={ELSEWHERE}",
            ENTRY + 'token_env = "A_NOTION_TOKEN"',
            HERE,
        ),
    ],
)
def test_ordinary_work_goes_on(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    env_file: str,
    toml: str,
    server: str,
) -> None:
    workspace = "acme" if toml else None
    target = chosen(
        monkeypatch, environment=environment, env_file=env_file, toml=toml, workspace=workspace
    )
    assert target.base_url == server


def test_a_server_elsewhere_that_the_environment_names_gets_no_token_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match="would be sent to"):
        chosen(
            monkeypatch, environment={"NOTION_PM_BASE_URL": ELSEWHERE}, env_file="NOTION_TOKEN=t"
        )


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "NOTION_TOKEN_2", "HOME", ""])
def test_only_variables_that_hold_tokens_are_read_for_them(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    environment = {name: "not for you"} if name else {}
    with pytest.raises(UsageError) as refused:
        chosen(
            monkeypatch,
            environment=environment,
            toml=ENTRY + f'token_env = "{name}"',
            workspace="acme",
        )
    assert "not for you" not in str(refused.value) + refused.value.advice


@pytest.mark.parametrize(
    "name", ["NOTION_TOKEN", "NOTION_PM_STATE", "NOTION_PM_BASE_URL", "ACME_NOTION_TOKEN"]
)
def test_env_files_take_nothing_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Else NOTION_TOKEN=${AWS_SECRET_ACCESS_KEY} would be a token of the file, whose server the
    file may name.
    """
    environment = {"AWS_SECRET_ACCESS_KEY": "secret", "NOTION_TOKEN": "t"}
    with pytest.raises(UsageError, match="refers to another variable") as refused:
        chosen(
            monkeypatch,
            environment=environment,
            env_file=name + "=https://${AWS_SECRET_ACCESS_KEY}/",
        )
    assert "secret" not in str(refused.value) + refused.value.advice


@pytest.mark.parametrize(
    "url",
    [
        "http://api.notion.com",
        "http://notion.example.com",
        "http://0.0.0.0:80",
        "http://127.0.0.1.evil.example",
        "http://127.1",
        "http://2130706433",
        "http://10.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "http://localhost.evil.example",
        "https://api.notion.com@evil.example",
        "https://user:password@api.notion.com",
        "https://api.notion.com\\@evil.example",
        "https://api.notion.com\\.evil.example",
        "https://api.notion.com#@evil.example",
        "https://api.notion.com?@evil.example",
        "https://аpi.notion.com",
        "https://api。notion.com",
        "https://api.notion.com:99999",
        "https://api.notion.com:https",
        "https://api.notion.com/v1",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://a..b",
        "https://api.notion.com /",
        "https://api.notion.com\n",
        "file:///etc/passwd",
        "//api.notion.com",
        "https:api.notion.com",
    ],
)
def test_addresses_that_two_readers_could_understand_differently_are_refused(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        normalised_url(url)
    assert "password@" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.notion.com.evil.example",
        "https://api.notion.com.",
        "https://xn--pi-6kc.notion.com",
        "https://API.notion.com:8443",
    ],
)
def test_what_only_looks_like_notion_is_another_server(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(UsageError, match="would be sent to"):
        chosen(monkeypatch, environment={"NOTION_TOKEN": "t"}, env_file=f"NOTION_PM_BASE_URL={url}")


@pytest.mark.parametrize(
    ("url", "same"),
    [("HTTPS://API.Notion.com/", NOTION_URL), ("http://[::1]:80/a/", "http://[::1]/a")],
)
def test_addresses_are_written_in_one_way(url: str, same: str) -> None:
    assert normalised_url(url) == same


# --- who may have written a file


@pytest.mark.parametrize("name", [".env", "notion-pm.toml"])
@pytest.mark.parametrize("mode", [0o666, 0o622, 0o602])
def test_a_file_that_others_may_change_is_not_read(
    monkeypatch: pytest.MonkeyPatch, name: str, mode: int
) -> None:
    Path(name).write_text("NOTION_TOKEN=t" if name == ".env" else ENTRY + 'token = "t"')
    Path(name).chmod(mode)
    with pytest.raises(UsageError, match=f"{name} can be changed by other users") as refused:
        choose_target(local=None, workspace=None)
    assert f"chmod go-w {name}" in refused.value.advice


@pytest.mark.parametrize("name", [".env", "notion-pm.toml"])
def test_a_file_that_the_user_names_by_its_workspace_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    Path(".env").write_text("NOTION_TOKEN=t")
    Path("notion-pm.toml").write_text(ENTRY)
    Path(name).chmod(0o666)
    assert choose_target(local=None, workspace="acme").source == ".env"
    with pytest.raises(UsageError, match="can be changed by other users"):
        choose_target(local=None, workspace="acme", is_named=False)  # as with --all


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@as_root
@pytest.mark.parametrize("name", [".env", "notion-pm.toml"])
def test_a_file_of_another_user_is_not_read(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    Path(name).write_text("NOTION_TOKEN=t" if name == ".env" else ENTRY + 'token = "t"')
    os.chown(name, 4321, 4321)
    with pytest.raises(UsageError, match=f"{name} belongs to 4321") as refused:
        choose_target(local=None, workspace=None)
    assert "chown" in refused.value.advice
    monkeypatch.setenv("SUDO_UID", "4321")
    assert isinstance(choose_target(local=None, workspace=None), Remote)


@as_root
def test_a_link_of_another_user_to_a_file_of_ours_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("NOTION_TOKEN=t")
    Path(".env").symlink_to("mine")
    assert isinstance(choose_target(local=None, workspace=None), Remote)
    os.lchown(".env", 4321, 4321)
    with pytest.raises(UsageError, match="belongs to 4321"):
        choose_target(local=None, workspace=None)


def test_what_is_no_file_is_refused_at_once_and_a_folder_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTION_TOKEN", "t")
    Path(".env").mkdir()
    assert isinstance(choose_target(local=None, workspace=None), Remote)
    Path(".env").rmdir()
    os.mkfifo(".env")
    with pytest.raises(FileUnusable, match="not a regular file"):
        choose_target(local=None, workspace=None)
    Path(".env").unlink()
    Path(".env").symlink_to("/dev/zero")
    with pytest.raises(FileUnusable, match="not a regular file"):
        choose_target(local=None, workspace=None)


# --- where what is remembered goes


@pytest.mark.parametrize(
    ("state", "from_environment", "token_in_file", "is_refused"),
    [
        ("postgresql://evil.example/x", False, False, True),
        ("postgres://u:p@evil.example/x", False, False, True),
        ("PostgreSQL://evil.example/x", False, False, True),
        ("postgresql://127.0.0.1/x?host=evil.example", False, False, True),
        ("postgresql:///x?host=evil.example", False, False, True),
        ("postgresql://127.0.0.1:1/x@evil.example/y", False, False, True),
        ("postgresql://127.0.0.1,evil.example/x", False, False, True),
        ("postgresql://127.0.0.1@evil.example/x", False, False, True),
        ("postgresql://127.0.0.1.evil.example/x", False, False, True),
        ("postgresql:///x", False, False, False),
        ("postgresql://db.example/x", True, False, False),
        ("postgresql://db.example/x", False, True, False),
        ("postgresql://u:p@127.0.0.1/x", False, False, False),
        ("/somewhere", False, False, False),
    ],
)
def test_a_file_sends_what_is_remembered_nowhere_unless_the_workspace_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
    *,
    state: str,
    from_environment: bool,
    token_in_file: bool,
    is_refused: bool,
) -> None:
    environment = {"NOTION_PM_STATE": state} if from_environment else {}
    environment |= {} if token_in_file else {"NOTION_TOKEN": "t"}
    lines = ["#"]
    lines += [] if from_environment else [f"NOTION_PM_STATE={state}"]
    lines += ["NOTION_TOKEN=t"] if token_in_file else []
    target = chosen(monkeypatch, environment=environment, env_file="\n".join(lines))
    setting = configured_state()
    assert setting is not None
    if not is_refused:
        raise_if_state_redirected(setting, target.source)
        return
    with pytest.raises(UsageError, match="would be sent to") as refused:
        raise_if_state_redirected(setting, target.source)
    assert "u:p" not in str(refused.value) + refused.value.advice


@pytest.mark.parametrize(
    "state",
    [
        "postgresql://anna:secret-word@host/db",
        "postgresql://host/db?password=secret-word",
        "postgresql://host/db?password=x@secret-word",
        "postgresql://anna:a/secret-word@host/db",
        "postgresql://anna:a?secret-word@host/db",
        "postgresql://anna:a@secret-word@host/db",
        "postgresql://[secret-word@host/db",
    ],
)
def test_the_password_of_a_database_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setenv("NOTION_PM_STATE", state)
    setting = configured_state()
    assert setting is not None and "secret-word" not in setting.without_password


@pytest.mark.parametrize(
    "state",
    [
        "mysql://anna:secret-word@host/db",
        "postgress://anna:secret-word@host/db",
        "jdbc:postgresql://anna:secret-word@host/db",
        "sqlite:////tmp/x",
        "file:///tmp/x",
        "https://anna:secret-word@host",
        "postgres//anna:secret-word@host/db",
        "anna:secret-word@host/db",
        " redis://:secret-word@host",
    ],
)
@pytest.mark.parametrize("source", [".env", "notion-pm.toml", "environment"])
def test_an_unknown_kind_of_state_is_refused_and_its_password_not_shown(
    monkeypatch: pytest.MonkeyPatch, state: str, source: str
) -> None:
    if source == ".env":
        Path(".env").write_text(f"NOTION_PM_STATE='{state}'")
    elif source == "environment":
        monkeypatch.setenv("NOTION_PM_STATE", state)
    else:
        Path("notion-pm.toml").write_text(f'state = "{state}"')
    with pytest.raises(UsageError) as refused:
        configured_state()
    assert "secret-word" not in str(refused.value) + refused.value.advice


@pytest.mark.parametrize(
    "state", ["state", "/var/lib/notion-pm", "C:\\state", "a b/c", "~/state", "x@y"]
)
def test_folders_stay_folders(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    monkeypatch.setenv("NOTION_PM_STATE", state)
    setting = configured_state()
    assert setting is not None and not setting.is_database
