"""Forms for taking an old register in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.documents.models import RegisterImport
from dinh.documents.registers.columns import COLUMNS


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Excel file (.xlsx)"),
        help_text=_(
            "At most 20 MB and 30,000 rows. Nothing enters the book before you have seen what was found."
        ),
        widget=forms.ClearableFileInput({"class": "form-control", "accept": ".xlsx"}),
    )


class ColumnsForm(forms.Form):
    """Which sheet, which header row, and which column is which; fields are named `column.<field>`."""

    def __init__(self, *args: Any, register_import: RegisterImport, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = (register_import.sheet_name, register_import.header_row)
        select = {"class": "form-select"}
        self.fields["sheet_name"] = forms.ChoiceField(
            label=_("Sheet"),
            choices=[(name, name) for name in register_import.sheet_names],
            initial=register_import.sheet_name,
            widget=forms.Select(select),
        )
        self.fields["header_row"] = forms.IntegerField(
            label=_("Row of the column names"),
            min_value=1,
            max_value=30,
            initial=register_import.header_row,
            widget=forms.NumberInput({"class": "form-control"}),
        )
        heads = [(str(index), text) for index, text in enumerate(register_import.headers) if text]
        for column in COLUMNS[register_import.book.direction]:
            self.fields[f"column.{column.field}"] = forms.ChoiceField(
                label=str(column.label),
                required=False,
                choices=[("", _("Not in the sheet")), *heads],
                initial=str(register_import.columns.get(column.field, "")),
                widget=forms.Select(select),
            )

    def chosen(self) -> dict[str, Any]:
        """Arguments of `correct_import`; another sheet or header row has the columns found anew."""
        given = self.cleaned_data
        columns = {
            name[7:]: int(value) for name, value in given.items() if name.startswith("column.") and value
        }
        moved = (given["sheet_name"], given["header_row"]) != self._before
        return {
            "sheet_name": given["sheet_name"],
            "header_row": given["header_row"],
            "columns": None if moved else columns,
        }
