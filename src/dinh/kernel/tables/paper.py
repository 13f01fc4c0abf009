"""A table as PDF/A on landscape A4."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from dinh.kernel.pdf import render_pdf
from dinh.kernel.tables.shapes import TableShape


def print_table(shape: TableShape, rows: Sequence[Sequence[str]], *, made_at: datetime) -> bytes:
    """Title, subtitle and the rows under a head repeated on each page."""
    columns = [{**asdict(column), "title": str(column.title)} for column in shape.columns]
    data = {
        **asdict(shape),
        "columns": columns,
        "rows": [list(row) for row in rows],
        "made": made_at.strftime("%d/%m/%Y %H:%M"),
    }
    rendered = render_pdf("kernel/table.typ", data, made_at=made_at, replace_unprintable=True, tagged=False)
    return rendered.pdf
