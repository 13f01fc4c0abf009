"""What a form check reports."""

from dataclasses import dataclass
from typing import Any

BLOCKING = "blocking"
ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFault:
    """
    One fault of form.

    `box`: the box of the layout plan ("1" to "14", "page", "font", "file"); `code`: stable name of the rule;
    `message` and `remedy` are translated lazily; `found` and `expected` are texts as they stand or should.
    `severity` is `error` where the rule binds, `warning` where it may be meant so, `blocking` where the
    letter would say what nobody meant: it cannot be submitted.
    """

    box: str
    code: str
    message: Any
    remedy: Any
    severity: str = ERROR
    found: str = ""
    expected: str = ""

    def to_json(self) -> dict[str, str]:
        """Return plain texts in the language of the moment, to be kept with the version checked."""
        return {name: str(getattr(self, name)) for name in self.__dataclass_fields__}
