"""Tables to take home: the same rows as PDF, Excel and Word."""

from dinh.kernel.tables.answers import ENDINGS, NoSuchTable, table_response
from dinh.kernel.tables.excel import Cell, Sheet, write_sheet, write_workbook
from dinh.kernel.tables.shapes import TableColumn, TableShape, TooLongForPaper
from dinh.kernel.tables.word import write_word

__all__ = [
    "ENDINGS",
    "Cell",
    "NoSuchTable",
    "Sheet",
    "TableColumn",
    "TableShape",
    "TooLongForPaper",
    "table_response",
    "write_sheet",
    "write_word",
    "write_workbook",
]
