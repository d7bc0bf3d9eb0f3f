"""The functions of the language, by subject. Importing the modules fills the register."""

from __future__ import annotations

from notion_pm.emulator.formulas.functions import dates, lists, numbers, texts

__all__ = ["dates", "lists", "numbers", "texts"]
