"""Calls with trial keys: to addresses for trials only, without a grant, and few of them."""

from dataclasses import replace
from typing import Final

from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.routing import Route
from dinh.exchange.gateway.snapshot import Client, Grant

REASON: Final = "trial"
"""What the log says of them, so that measures and alarms leave them out."""
_DAILY: Final = 1000
_RATE: Final = 5


def no_trial() -> Refusal:
    return Refusal(
        403,
        "no-trial",
        "This service has no address for trials. Ask for access and use a key that is not for trials.",
    )


def trial_of(route: Route, client: Client) -> tuple[Route, Grant]:
    """
    The same operation at its address for trials, and what takes the place of a grant: 1,000 calls a day, 5 a second.

    :raises Refusal: if there is no such address
    """
    if route.trial is None:
        raise no_trial()
    # Grants have numbers above 0.
    grant = Grant(-client.id, 0.0, float("inf"), _DAILY, _RATE)
    return replace(route, upstream=route.trial), grant


def told_reason(client: Client | None, reason: str) -> str:
    """The reason that the log keeps."""
    if client is None or not client.is_trial:
        return reason
    return f"{REASON}:{reason}" if reason else REASON
