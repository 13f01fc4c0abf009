"""Can a provider be reached from here?"""

import time
from dataclasses import dataclass
from typing import Final

import httpx

_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Reached:
    """
    :param status: HTTP status, 0 if nobody answered; any status means that somebody is there
    :param reason: why nobody answered
    """

    status: int
    milliseconds: float
    reason: str = ""


def reach(url: str) -> Reached:
    """Ask the address itself once; never inside a transaction. Redirects are not followed."""
    begun = time.perf_counter()
    try:
        with httpx.stream("GET", url, timeout=_SECONDS, trust_env=False, follow_redirects=False) as answer:
            status, reason = answer.status_code, ""
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        status, reason = 0, str(error) or type(error).__name__
    return Reached(status, (time.perf_counter() - begun) * 1000, reason[:200])
