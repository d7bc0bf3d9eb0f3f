"""Recorded traffic of the real Notion, replayed: a few recordings that need what only people can
make.

`make contract` replays all of them. They are not part of this repository.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import evidence

SHARED = evidence.ROOT.parent / "shared"


RECORDINGS = [
    "ultimate-notion-obj_api-test_endpoints/test_retrieve_property.yaml",  # a button, for example
    "ultimate-notion-test_page/test_page_to_markdown.yaml",  # unsupported blocks, a hosted file
    "ultimate-notion-test_page/test_custom_emoji_icon.yaml",
    "ultimate-notion-fixtures/mod_wiki_db.yaml",
    "notion-sdk-py/test_file_uploads_list.yaml",
    "notion-sdk-py/test_users_list.yaml",
]


@pytest.mark.skipif(
    not (SHARED / "recordings").is_dir(), reason=f"needs recorded traffic in {SHARED}"
)
def test_the_local_workspace_answers_as_recorded(tmp_path: Path) -> None:
    verdicts = evidence.replayed(SHARED, tmp_path / "traffic.jsonl", "--values", only=RECORDINGS)
    assert {interaction.partition(" ")[0] + ".yaml" for interaction in verdicts} == set(RECORDINGS)
    assert not evidence.unexplained(verdicts)
