"""What is wrong with a field of a request, in the reader's language: pydantic speaks English only."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_WHOLE_NUMBER = gettext_lazy("Give a whole number.")
_TEXT = gettext_lazy("Give a text.")
_YES_OR_NO = gettext_lazy("Give true or false.")
_LIST = gettext_lazy("Give a list.")
_OBJECT = gettext_lazy("Give an object with its fields.")
_DAY = gettext_lazy("Give a day that exists, as YYYY-MM-DD.")
_MOMENT = gettext_lazy("Give a moment with its offset, as 2026-11-28T09:00:00+07:00.")
_ONE_OF = gettext_lazy("Give one of these: %(expected)s.")
_UUID = gettext_lazy("Give a UUID.")

_MESSAGES: Final[Mapping[str, Any]] = {
    "missing": gettext_lazy("This field is required."),
    "extra_forbidden": gettext_lazy("There is no such field. Leave it out."),
    "json_invalid": gettext_lazy("The request is no valid JSON."),
    "string_type": _TEXT,
    "string_unicode": gettext_lazy("Give a text in UTF-8."),
    "string_too_short": gettext_lazy("The text is too short: at least %(min_length)s characters."),
    "string_too_long": gettext_lazy("The text is too long: at most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_lazy(
        "The text holds a character that is not allowed here, or is not of the form asked for."
    ),
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "float_type": gettext_lazy("Give a number."),
    "float_parsing": gettext_lazy("Give a number."),
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "greater_than": gettext_lazy("Give a number above %(gt)s."),
    "greater_than_equal": gettext_lazy("Give a number of %(ge)s or more."),
    "less_than": gettext_lazy("Give a number below %(lt)s."),
    "less_than_equal": gettext_lazy("Give a number of %(le)s or less."),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "too_short": gettext_lazy("Too few entries: at least %(min_length)s."),
    "too_long": gettext_lazy("Too many entries: at most %(max_length)s."),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "literal_error": _ONE_OF,
    "enum": _ONE_OF,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": _MOMENT,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
}


def fault_of(error: Mapping[str, Any]) -> dict[str, str]:
    """Field and message of one of ninja's errors, as `errors` of a problem document (RFC 9457) lists them."""
    return {"field": _field(error.get("loc", ())), "message": _message(error)}


def _field(place: Any) -> str:
    """The field by its name in the request: `(body, given, due_at)` is due_at, `(query, limit)` is limit."""
    source, *steps = [str(step) for step in place] if isinstance(place, tuple | list) else [""]
    # Of a body the second step is the endpoint's own argument, which no caller knows of.
    return ".".join(steps[1:]) or source if source == "body" else ".".join(steps)


def _message(error: Mapping[str, Any]) -> str:
    kind, context = error.get("type", ""), error.get("ctx") or {}
    if kind == "value_error":
        # Our own check's words; pydantic puts "Value error, " before them.
        return str(context.get("error", error.get("msg", "")))
    if kind in _MESSAGES:
        return str(_MESSAGES[kind]) % _told(context)
    return _("This value is not valid: %(reason)s") % {"reason": error.get("msg", "")}


def _told(context: Mapping[str, Any]) -> dict[str, str]:
    """The limits as people write them, "and" of a list of choices included."""
    told = {name: str(value) for name, value in context.items()}
    if "expected" in told:
        told["expected"] = told["expected"].replace("'", "").replace(" or ", ", ")
    return told
