"""How calls to outside services go wrong."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dinh.exchange.outside import OutsideService
from dinh.kernel.errors import DomainError, Unavailable


class OutsideNotConnected(DomainError):
    """The house has no key, or no grant, or the service is not registered; nothing was sent."""

    status = 503


class OutsideRefused(DomainError):
    """
    The outside system understood the request and says no.

    :ivar refusal: its own code, as it came
    :ivar words: its own words, as they came
    """

    status = 409

    def __init__(self, service: OutsideService, *, code: str, words: str) -> None:
        text = _(
            "%(service)s (%(owner)s) refuses: %(words)s [%(code)s]. Correct the record and send it again."
        )
        super().__init__(
            text % {"service": service.title, "owner": service.owner, "words": words or "–", "code": code}
        )
        self.refusal, self.words = code, words


class OutsideUnavailable(Unavailable):
    """
    No usable answer came.

    :ivar may_have_acted: whether the outside system may have done what was asked nevertheless; if so, look the record
        up before sending it again
    :ivar exchange_id: of the call in the exchange's log, empty if it did not get there
    """

    def __init__(
        self, message: str | Promise, *, may_have_acted: bool, is_slow: bool = False, exchange_id: str = ""
    ) -> None:
        super().__init__(message)
        self.may_have_acted, self.is_slow, self.exchange_id = may_have_acted, is_slow, exchange_id

    @property
    def code(self) -> str:
        return "outside-unavailable"


class OutsideUnreadable(OutsideUnavailable):
    """An answer came, but not of the kind that was agreed."""


def no_answer(
    service: OutsideService, *, may_have_acted: bool, is_slow: bool = False, exchange_id: str = ""
) -> OutsideUnavailable:
    if may_have_acted:
        text = _(
            "%(service)s (%(owner)s) gave no answer, yet may have taken the request. Look it up there before sending it"
            " again."
        )
    else:
        text = _("%(service)s (%(owner)s) does not answer. Nothing was changed; try again in a few minutes.")
    words = text % {"service": service.title, "owner": service.owner}
    return OutsideUnavailable(words, may_have_acted=may_have_acted, is_slow=is_slow, exchange_id=exchange_id)


def unreadable(
    service: OutsideService, why: str, *, may_have_acted: bool, exchange_id: str = ""
) -> OutsideUnreadable:
    text = _(
        "%(service)s (%(owner)s) answers otherwise than agreed: %(why)s. Tell the keeper of the platform."
    )
    words = text % {"service": service.title, "owner": service.owner, "why": why}
    return OutsideUnreadable(words, may_have_acted=may_have_acted, exchange_id=exchange_id)
