"""Write tables to the files of a destination: each file is complete, or not there at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from notion_pm.exporting.destination import Destination, File
from notion_pm.exporting.export_formats import ExportFormat
from notion_pm.exporting.folders import CannotWrite, staged
from notion_pm.exporting.table import ExportContext, Table
from notion_pm.files.writing import atomic_path


def write_files(destination: Destination, tables: Sequence[Table], context: ExportContext) -> int:
    """Write all files; return how many texts a workbook had to cut, each with a visible mark.

    Raises CannotWrite, or TooManyRows when a table does not fit on a sheet.
    """
    cut_texts = 0
    for file in destination.files:
        tables_of_file = [tables[number] for number in file.tables]
        cut_texts += _write_file(destination, file, tables_of_file, context)
    return cut_texts


def _write_file(
    destination: Destination, file: File, tables: Sequence[Table], context: ExportContext
) -> int:
    if file.path is None:
        return _write_to_stdout(destination.format, tables, context)
    try:
        if destination.is_folder:
            # Loaded here: its YAML library is slow to load.
            from notion_pm.exporting.formats.markdown import write_folder

            write_folder(tables, file.path)
            return 0
        with atomic_path(file.path) as part:
            cut_texts = _write_to_path(destination.format, tables, part, context)
            # Before the file takes its name, so that its links never point to missing files.
            _install_attached(tables, file.path.parent)
        return cut_texts
    except OSError as error:
        raise CannotWrite(file.path, error.strerror or str(error)) from error


def _install_attached(tables: Sequence[Table], folder: Path) -> None:
    """Copy the downloaded files into the folder of the export."""
    for table in tables:
        if table.attached:
            with staged(folder / table.attached.name) as stage:
                shutil.copytree(table.attached.folder, stage.folder, dirs_exist_ok=True)
                stage.install([])


def _write_to_path(
    format: ExportFormat, tables: Sequence[Table], path: Path, context: ExportContext
) -> int:
    if format.file_writer is not None:
        return format.load_file_writer()(tables, path, context)
    # newline="": each format writes its own line ends. errors: halves of emoji have no UTF-8.
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        format.load_text_writer()(tables, stream, context)
    return 0


def _write_to_stdout(format: ExportFormat, tables: Sequence[Table], context: ExportContext) -> int:
    if format.file_writer is not None:
        # These libraries seek in the file, which a pipe cannot do.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "out"
            cut_texts = _write_to_path(format, tables, path, context)
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, context.stdout)
        return cut_texts
    text = TextIOWrapper(
        context.stdout, encoding="utf-8", errors="replace", newline="", write_through=True
    )
    format.load_text_writer()(tables, text, context)
    text.detach()  # otherwise closing the wrapper would close stdout
    return 0
