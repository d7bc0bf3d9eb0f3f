"""A full disk while an export stores rows and titles on it."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Iterator

import pytest

from notion_pm.errors import FileUnusable
from notion_pm.exporting.temp_storage import DiskDict, DiskList, Titles
from tests.support.exporter_tables import page_id


@pytest.fixture(autouse=True)
def no_room() -> Iterator[None]:
    """No file may grow beyond 50 kB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _fill_list() -> None:
    with DiskList[str]() as rows:
        for number in range(2_000):
            rows.append(f"{number}" * 1_000)
        list(rows)


def _fill_dict() -> None:
    with DiskDict() as texts:
        for number in range(10_000):
            texts[f"{number}"] = "text" * 200


def _fill_titles() -> None:
    with Titles() as titles:
        for number in range(20_000):
            titles.add_title(page_id(number), "title" * 200)


@pytest.mark.parametrize("fill", [_fill_list, _fill_dict, _fill_titles])
def test_the_error_names_the_folder_and_the_next_step(fill: Callable[[], None]) -> None:
    with pytest.raises(FileUnusable, match=tempfile.gettempdir()) as refused:
        fill()
    assert "TMPDIR" in refused.value.advice
