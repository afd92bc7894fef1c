"""What a search looks at of a scope's current memories, in columns, kept right by what changed."""

from mnemon.logic.sheet.sheet import SHEET_FIELDS, Sheet
from mnemon.logic.sheet.sheets import Sheets
from mnemon.logic.sheet.view import View, union

__all__ = ["SHEET_FIELDS", "Sheet", "Sheets", "View", "union"]
