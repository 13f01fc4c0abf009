"""All stand-ins of outside systems at one door: which one is asked, and how it misbehaves."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dinh.sandbox.faults import REFUSALS, Faults, HangUp, Mode
from dinh.sandbox.outside.asked import Asked, NotAsDescribed, StandIn, Told
from dinh.sandbox.outside.catalogues import Catalogues
from dinh.sandbox.outside.civil_status import CivilStatus, refused
from dinh.sandbox.outside.criminal_records import CriminalRecords
from dinh.sandbox.outside.enterprises import Enterprises
from dinh.sandbox.outside.portal import Portal
from dinh.sandbox.outside.post import Post
from dinh.sandbox.outside.social_insurance import SocialInsurance
from dinh.sandbox.outside.store import Store

STAND_INS: Final[Mapping[str, StandIn]] = {
    "civil_status": CivilStatus(),
    "criminal_records": CriminalRecords(),
    "social_insurance": SocialInsurance(),
    "enterprises": Enterprises(),
    "catalogues": Catalogues(),
    "portal": Portal(),
    "post": Post(),
}
_ERROR_PAGE: Final = b"<html><body><h1>500 Internal Server Error</h1><p>WSO2 ESB</p></body></html>"
_SIGN_IN_PAGE: Final = "<html><body><form>Tên đăng nhập <input></form></body></html>".encode()
_HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """`is_cut`: half of the body goes out, then the connection ends."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    is_cut: bool = False


@dataclass(slots=True)
class Desk:
    """
    :param store: what the stand-ins remember
    :param slow_seconds: how long a slow one thinks
    """

    store: Store
    faults: Faults
    slow_seconds: float = 10.0
    stand_ins: Mapping[str, StandIn] = field(default_factory=lambda: STAND_INS)

    def answer(self, name: str, asked: Asked) -> Reply | None:
        """
        The answer of a stand-in; None if there is none of this name, or it has no such operation.

        :raises HangUp: if the connection is to end without an answer
        """
        stand_in = self.stand_ins.get(name)
        if stand_in is None:
            return None
        if asked.operation == "":
            return Reply(200, json.dumps({"stand_in": name}).encode())
        mode = self.faults.take(name)
        if mode is Mode.DOWN:
            raise HangUp
        if mode is Mode.SLOW:
            time.sleep(self.slow_seconds)
        if mode is Mode.ERROR:
            return Reply(500, _ERROR_PAGE, _HTML)
        if mode is Mode.GARBAGE:
            return Reply(200, _SIGN_IN_PAGE, _HTML)
        if mode in REFUSALS:
            return _reply(Told(refused(REFUSALS[mode])), mode)
        told = self._told(stand_in, asked)
        if mode is Mode.LOST:
            # It did what was asked; only nobody hears of it.
            raise HangUp
        return None if told is None else _reply(told, mode)

    def _told(self, stand_in: StandIn, asked: Asked) -> Told | None:
        try:
            return stand_in.answer(asked, self.store)
        except NotAsDescribed as fault:
            return Told({"status": "400", "message": str(fault)}, 400)


def _reply(told: Told, mode: Mode | None) -> Reply:
    value = _twice(told.value) if mode is Mode.DUPLICATES else told.value
    return Reply(told.status, json.dumps(value, ensure_ascii=False).encode(), is_cut=mode is Mode.TRUNCATED)


def _twice(value: Any) -> Any:
    """Each list with all that it holds a second time."""
    if isinstance(value, list):
        return [*value, *value]
    return {name: _twice(each) for name, each in value.items()} if isinstance(value, dict) else value
