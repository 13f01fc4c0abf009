"""What is typed in about documents that arrived."""

from collections.abc import Mapping
from datetime import date, datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import IncomingState, Purpose, Urgency
from dinh.documents.operations.assigning import Assignee, Directions
from dinh.documents.queries.inbox import ALL, LATE, ORDERS, InboxFilter

VERDICTS = [
    ("valid", _("Signatures valid")),
    ("invalid", _("Signatures invalid")),
    ("indeterminate", _("Signatures not certain")),
]


def end_of_day(day: date) -> datetime:
    """A deadline given as a day holds until its end."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


class DirectionsForm(forms.Form):
    """
    Who leads, supports and is to know, what is to be done, until the end of which day.

    :param choices: people and divisions of the unit by their key in the page (`assignees_of`)
    """

    lead = forms.ChoiceField(error_messages={"required": _("Choose who leads.")})
    supports = forms.MultipleChoiceField(required=False)
    informed = forms.MultipleChoiceField(required=False)
    instruction = forms.CharField(max_length=2000, required=False)
    due = forms.DateField(required=False)

    def __init__(self, data: object = None, *, choices: Mapping[str, Assignee]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.assignees = choices
        for name in ("lead", "supports", "informed"):
            self.fields[name].choices = [(key, key) for key in choices]  # type: ignore[attr-defined]

    def directions(self) -> Directions:
        """What was chosen; only once the form is valid."""
        given, due = self.cleaned_data, self.cleaned_data["due"]
        return Directions(
            lead=self.assignees[given["lead"]],
            supports=[self.assignees[key] for key in given["supports"]],
            informed=[self.assignees[key] for key in given["informed"]],
            instruction=given["instruction"],
            due_at=end_of_day(due) if due else None,
        )


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500, error_messages={"required": _("Say why.")})


class ExtendForm(ReasonForm):
    due = forms.DateField(error_messages={"required": _("Give the new deadline as a date.")})


class ResultForm(forms.Form):
    result = forms.CharField(max_length=2000, required=False)


class TextForm(forms.Form):
    text = forms.CharField(max_length=2000, error_messages={"required": _("Write at least a few words.")})


class PassOnForm(forms.Form):
    """Which member of the division handles its part."""

    part = forms.IntegerField(min_value=1)
    to = forms.ChoiceField(error_messages={"required": _("Choose somebody of your own division.")})
    passed_instruction = forms.CharField(max_length=2000, required=False)

    def __init__(self, data: object = None, *, choices: Mapping[str, Assignee]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.assignees = choices
        self.fields["to"].choices = [(key, key) for key in choices]  # type: ignore[attr-defined]


class InboxForm(forms.Form):
    """Filters of the list; what cannot be read does not narrow it."""

    state = forms.ChoiceField(required=False, choices=[*IncomingState.choices, (ALL, ALL), (LATE, LATE)])
    q = forms.CharField(max_length=200, required=False)
    sender = forms.CharField(max_length=120, required=False)
    urgency = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, choices=Urgency.choices)
    purpose = forms.ChoiceField(required=False, choices=Purpose.choices)
    verdict = forms.ChoiceField(required=False, choices=VERDICTS)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    sort = forms.ChoiceField(required=False, choices=[(name, name) for name in ORDERS])

    def wanted(self, *, tab: str) -> InboxFilter:
        """:param tab: where none is chosen"""
        self.is_valid()
        given = self.cleaned_data
        return InboxFilter(
            tab=given.get("state") or tab,
            words=given.get("q", ""),
            sender=given.get("sender", ""),
            urgency=given.get("urgency"),
            purpose=given.get("purpose", ""),
            verdict=given.get("verdict", ""),
            since=given.get("since"),
            until=given.get("until"),
            order=given.get("sort") or "arrived",
        )
