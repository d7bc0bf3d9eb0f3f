"""How a workbook looks: few formats, and pages that can be handed out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

_A4 = 9  # Excel's number for it
_READABLE_ON_A_PAGE = 300  # characters side by side, at half the size


class Styles:
    """The few formats of a workbook."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._numbers: dict[str, Any] = {}
        top = {"valign": "top", "align": "left", "indent": 1}
        self.header = workbook.add_format({**top, "bold": True, "bg_color": "#E9E8E4", "bottom": 1})
        self.text = workbook.add_format({**top, "text_wrap": True})
        self.title = workbook.add_format(
            {**top, "text_wrap": True, "bold": True, "font_color": "#1F4E79"}
        )
        self.technical = workbook.add_format({**top, "font_color": "#8A8A8A"})
        self.link = workbook.add_format({**top, "font_color": "#0563C1", "underline": 1})
        self.plain = workbook.add_format(top)
        self.date = workbook.add_format({**top, "num_format": "yyyy-mm-dd"})
        self.time = workbook.add_format({**top, "num_format": "yyyy-mm-dd hh:mm"})
        self.truth = workbook.add_format(
            {**top, "num_format": '"TRUE";"TRUE";"FALSE"'}
        )  # LibreOffice would show 1 and 0

    def number(self, excel: str) -> Any:
        """Return the format of a number format."""
        if excel not in self._numbers:
            self._numbers[excel] = self._workbook.add_format({"valign": "top", "num_format": excel})
        return self._numbers[excel]


def set_up_print(sheet: Any, rows: int, widths: Sequence[int]) -> None:
    """Let the columns of these widths print on as few pages side by side as stay readable."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(math.ceil(sum(widths) / _READABLE_ON_A_PAGE) or 1, 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    sheet.set_footer("&L&A&RPage &P of &N")
    if widths:
        sheet.print_area(0, 0, rows, len(widths) - 1)
