"""What is typed in about documents that arrived."""

from datetime import datetime, time

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from dinh.directory.models import Appointment


class AssignForm(forms.Form):
    """Who leads the handling, until the end of which day, and what is to be done."""

    due = forms.DateField(required=False)
    instruction = forms.CharField(max_length=2000, required=False)

    def __init__(self, data: object, people: "QuerySet[Appointment]") -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["lead"] = forms.ModelChoiceField(people)

    def due_at(self) -> datetime | None:
        day = self.cleaned_data["due"]
        return timezone.make_aware(datetime.combine(day, time(23, 59))) if day else None
