"""Can a provider be reached from here?"""

import time
from dataclasses import dataclass
from typing import Final

import httpx
from django.utils.translation import gettext as _

from dinh.exchange.operations.outward import ClosedAddress, asked, told

_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Reached:
    """
    :param status: HTTP status, 0 if nobody answered; any status means that somebody is there
    :param reason: why nobody answered; nothing of what came
    """

    status: int
    milliseconds: float
    reason: str = ""


def reach(url: str) -> Reached:
    """Ask the address itself once; never inside a transaction. Redirects are not followed."""
    begun = time.perf_counter()
    try:
        with asked(url, seconds=_SECONDS) as answer:
            status, reason = answer.status_code, ""
    except ClosedAddress:
        status, reason = 0, _("this address belongs to the machine itself")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        status, reason = 0, told(error)
    return Reached(status, (time.perf_counter() - begun) * 1000, reason)
