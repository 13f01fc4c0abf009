"""Calls with trial keys: to addresses for trials only, without a grant, and few of them."""

from dataclasses import replace
from typing import Final

from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.routing import Route
from dinh.exchange.gateway.snapshot import Client

REASON: Final = "trial"
"""What the log says of them, so that measures and alarms leave them out."""
TRIAL_LIMIT: Final = Limit(daily_quota=1000, rate=5)
"""In the place of a grant's, for each operation and system."""


def no_trial() -> Refusal:
    return Refusal(
        403,
        "no-trial",
        "This service has no address for trials. Ask for access and use a key that is not for trials.",
    )


def trial_of(route: Route) -> Route:
    """
    The same operation at its address for trials.

    :raises Refusal: if there is none
    """
    if route.trial is None:
        raise no_trial()
    return replace(route, upstream=route.trial)


def told_reason(client: Client | None, reason: str) -> str:
    """The reason that the log keeps."""
    if client is None or not client.is_trial:
        return reason
    return f"{REASON}:{reason}" if reason else REASON
