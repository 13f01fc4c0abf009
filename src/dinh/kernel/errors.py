"""What may go wrong and is expected to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class FieldFault:
    """One fault of one input field, in words for the person who filled it in."""

    field: str
    message: str


class DomainError(Exception):
    """
    An anticipated refusal. Its message is translated and tells what to do next.

    :param message: for the person at the screen
    :param field: name of the input field at fault, empty if none is
    :param faults: several faults at once, field by field
    :cvar status: HTTP status of the problem document (RFC 9457)
    """

    status = 409

    def __init__(self, message: str | Promise, *, field: str = "", faults: Sequence[FieldFault] = ()) -> None:
        super().__init__(str(message))
        self.field = field
        self.faults = tuple(faults) or ((FieldFault(field, str(message)),) if field else ())

    @property
    def code(self) -> str:
        """Stable name of the problem, for programs: the class in kebab case."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")

    def as_problem(self) -> Mapping[str, object]:
        """Problem document of RFC 9457, without `instance`."""
        problem: dict[str, object] = {
            "type": f"urn:dinh:problem:{self.code}",
            "title": str(self),
            "status": self.status,
        }
        if self.faults:
            problem["errors"] = [{"field": f.field, "message": f.message} for f in self.faults]
        return problem


class InvalidInput(DomainError):
    """What was given cannot be used; each fault names its field."""

    status = 422


class NotPermitted(DomainError):
    """The record is visible, the act is not this person's to do."""

    status = 403


class NotFound(DomainError):
    """Missing, or not visible to the one who asks: the two are never told apart."""

    status = 404


class TooManyRequests(DomainError):
    """
    Refused for a while.

    :param retry_after: seconds until it is worth trying again
    """

    status = 429

    def __init__(self, message: str | Promise, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Something outside did not answer; trying again later may help."""

    status = 503
