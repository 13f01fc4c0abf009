"""
The Post (bưu chính công ích): collecting dossiers from citizens, bringing results back; `apiVNPost`.

Operations and fields as OpenCPS sends them; the Post's codes of an order's way are kept as they come, since no source
tells them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import Fields, once
from dinh.exchange.adapters.transport import Line, Remembered, Request, basic

PAGE: Final = 50
_MOST_PAGES: Final = 1000
_WELL: Final = frozenset({"200", "0", "00", "1"})
_TOKENS: Final = Remembered()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalParty:
    """
    Who sends or receives.

    :param province, district: numbers of the Post's own list
    """

    name: str
    address: str
    province: int
    district: int
    phone: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalOrder:
    """
    :param number: code of the dossier
    :param cash_on_delivery: đồng to be collected
    :param contents: what the sender hands over
    """

    number: str
    sender: PostalParty
    receiver: PostalParty
    cash_on_delivery: int = 0
    contents: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class PostalState:
    """Where an order is: `code` and `words` as they came; `id` of the row, by which the next page is asked for."""

    id: str
    number: str
    code: str
    words: str


class Post:
    """
    :param line: see `outside_line`; its account for `post` has the Post's key, secret and the province's customer code
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("post")

    def order(self, *, order: PostalOrder) -> None:
        """
        Ask the Post to collect or to deliver (postOrder).

        Not safe to repeat: after an OutsideUnavailable that may have acted, ask for `state`; None says that it did not
        arrive.

        :raises OutsideUnavailable, OutsideRefused, OutsideNotConnected:
        """
        body = {
            "customerCode": self._customer(), "orderNumber": order.number, "codAmount": order.cash_on_delivery,
            **_party("sender", order.sender), "senderDesc": order.contents, **_party("receiver", order.receiver),
            "description": order.description,
        }  # fmt: skip
        self._well(self._asked(Request(operation="postOrder", body=body)))

    def cancel(self, *, number: str) -> None:
        """
        Take an order back (cancelOrder). Safe to repeat.

        :raises OutsideRefused: if there is none, or the Post has collected it already
        """
        body = {"customerCode": self._customer(), "orderNumber": number}
        self._well(self._asked(Request(operation="cancelOrder", body=body, is_repeatable=True)))

    def states(self, *, after: str = "") -> Iterator[PostalState]:
        """
        Where all orders are (getOrderTracking), page by page, in the order in which they were given. Safe to repeat.

        :param after: id of the last one that is of no interest any more
        """
        for _number in range(_MOST_PAGES):
            page = self._page(after)
            yield from page
            if len(page) < PAGE or page[-1].id == after:
                return
            after = page[-1].id

    def state(self, *, number: str) -> PostalState | None:
        """Where one order is; None if the Post has none. It has no question for one, so all are gone through."""
        return next((each for each in self.states() if each.number == number), None)

    def _page(self, after: str) -> tuple[PostalState, ...]:
        query = {"pagesize": str(PAGE)} | ({"lastId": after} if after else {})
        told = self._asked(
            Request(operation="getOrderTracking", method="GET", query=query, is_repeatable=True)
        )
        found = [_state(row) for each in told.records("_embedded") for row in each.records("rh:doc")]
        return once(found, lambda row: row.id)

    def _customer(self) -> str:
        return self.line.account(self.service).code

    def _asked(self, request: Request) -> Fields:
        """A token that the Post takes no longer is replaced once."""
        try:
            return self._told(request)
        except OutsideRefused as refusal:
            if refusal.refusal != "401":
                raise
            _TOKENS.forget()
            return self._told(request)

    def _told(self, request: Request) -> Fields:
        account = self.line.account(self.service)
        token = _TOKENS.get((self.line.gateway, account.name), self._new_token)
        with_token = Request(
            operation=request.operation, method=request.method, query=request.query, body=request.body,
            own_authorization=f"Bearer {token}", is_repeatable=request.is_repeatable,
        )  # fmt: skip
        answer = self.line.ask(self.service, with_token)
        return Fields(self.service, answer, may_have_acted=not request.is_repeatable)

    def _new_token(self) -> tuple[str, float]:
        account = self.line.account(self.service)
        request = Request(
            operation="getToken", form={"grant_type": "client_credentials"},
            own_authorization=basic(account), is_repeatable=True,
        )  # fmt: skip
        told = Fields(self.service, self.line.ask(self.service, request))
        return told.needed("access_token"), float(told.whole("expires_in") or 0)

    def _well(self, told: Fields) -> None:
        status = told.needed("status")
        if status not in _WELL:
            raise OutsideRefused(self.service, code=status, words=told.text("message"))


def _party(role: str, party: PostalParty) -> dict[str, Any]:
    return {
        f"{role}Name": party.name, f"{role}Address": party.address, f"{role}Province": party.province,
        f"{role}District": party.district, f"{role}Tel": party.phone, f"{role}Email": party.email,
    }  # fmt: skip


def _state(row: Fields) -> PostalState:
    id = row.raw.get("_id")
    return PostalState(
        str(id.get("$oid", "")) if isinstance(id, dict) else row.text("_id"),
        row.needed("orderNumber"),
        row.text("statusCode"),
        row.text("statusMessage"),
    )
