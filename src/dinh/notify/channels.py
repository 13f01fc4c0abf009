"""
Ways by which people are told outside the page: modules register theirs.

The web channel is the notification itself and always on. Mail is registered here; another one (SMS, once a province
has a gateway for it) adds itself to `channels` in the same way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from dinh.directory.models import Person
from dinh.kernel.registry import Registry


@dataclass(frozen=True)
class Notice:
    """One line of what somebody is told: `path` leads there, under `DINH_BASE_URL`."""

    text: str
    path: str
    created_at: datetime


@dataclass(frozen=True)
class Channel:
    """
    :param is_ready: whether the operator has set it up
    :param address_of: where a person is reached by it; empty if unknown
    :param send: tells a person of several things at once; may raise, and is then tried again. The key is the
        same for each try of the same digest
    """

    label: str | Promise
    is_ready: Callable[[], bool]
    address_of: Callable[[Person], str]
    send: Callable[[Person, Sequence[Notice], str], None]


channels: Registry[Channel] = Registry("channels of notification")
