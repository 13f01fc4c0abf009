"""The Post (collecting dossiers, returning results): orders, their way, a token of its own."""

import base64
import binascii
import secrets
from typing import Any, Final

from dinh.sandbox.outside.asked import Asked, Told, wanted
from dinh.sandbox.outside.store import Record, Store

PASSWORD: Final = "sandbox"  # noqa: S105 of a stand-in
_TOKEN_SECONDS: Final = 1800
# The stand-in's own: no source tells the Post's codes.
_WAY: Final = [
    (0.0, "10", "Bưu điện đã nhận yêu cầu"), (60.0, "20", "Bưu tá đang đi gom"), (120.0, "30", "Đã gom hồ sơ"),
    (240.0, "40", "Đang phát"), (300.0, "50", "Đã phát thành công"),
]  # fmt: skip
_CANCELLED: Final = "60"
_WANTED: Final = (
    "customerCode", "orderNumber", "senderProvince", "senderDistrict", "senderAddress", "senderName", "senderTel",
    "receiverProvince", "receiverDistrict", "receiverAddress", "receiverName", "receiverTel",
)  # fmt: skip


class Post:
    """Lets in whoever comes with a key and the secret `sandbox`."""

    def answer(self, asked: Asked, store: Store) -> Told | None:
        way = (asked.method, asked.operation)
        if way == ("POST", "getToken"):
            return _token(asked, store)
        if not _is_let_in(asked, store):
            return Told({"status": "401", "message": "Token không hợp lệ hoặc đã hết hạn"}, 401)
        if way == ("POST", "postOrder"):
            return Told(_order(asked.fields(), store))
        if way == ("POST", "cancelOrder"):
            return Told(_cancel(asked.fields(), store))
        return Told(_tracking(asked, store)) if way == ("GET", "getOrderTracking") else None


def _token(asked: Asked, store: Store) -> Told:
    scheme, _space, given = asked.headers.get("authorization", "").partition(" ")
    try:
        shown = base64.b64decode(given).decode().partition(":")[2] if scheme == "Basic" else ""
    except (binascii.Error, ValueError):
        shown = ""
    if shown != PASSWORD:
        return Told({"status": "401", "message": "Sai khóa"}, 401)
    token = secrets.token_hex(16)
    store.put("post_token", token, {"until": store.now() + _TOKEN_SECONDS})
    return Told({"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_SECONDS})


def _is_let_in(asked: Asked, store: Store) -> bool:
    _scheme, _space, token = asked.headers.get("authorization", "").partition(" ")
    known = store.get("post_token", token)
    return known is not None and known["until"] > store.now()


def _order(fields: dict[str, Any], store: Store) -> Record:
    wanted(fields, *_WANTED)
    key = _key(fields)
    if not store.add("post_order", key, fields | {"at": store.now()}):
        return {"status": "409", "message": "Số đơn hàng đã tồn tại"}
    return {"status": "200", "message": "Thành công"}


def _cancel(fields: dict[str, Any], store: Store) -> Record:
    wanted(fields, "customerCode", "orderNumber")
    kept = store.get("post_order", _key(fields))
    if kept is None:
        return {"status": "404", "message": "Không có đơn hàng này"}
    if kept.get("cancelled_at") is None:
        if store.now() - kept["at"] >= _WAY[2][0]:
            return {"status": "409", "message": "Đơn hàng đã được gom, không hủy được"}
        store.put("post_order", _key(fields), kept | {"cancelled_at": store.now()})
    return {"status": "200", "message": "Thành công"}


def _tracking(asked: Asked, store: Store) -> Record:
    """Where orders are, in the order in which they were given; `lastId` is the last one of the page before."""
    size, after = asked.number("pagesize", 50), asked.number("lastId", 0)
    rows = store.all("post_order", after=after)[:size]
    found = [
        {
            "_id": {"$oid": str(number)},
            "customerCode": kept["customerCode"],
            "orderNumber": kept["orderNumber"],
        }
        | dict(zip(("statusCode", "statusMessage"), _place(kept, store), strict=True))
        for number, kept in rows
    ]
    return {"_embedded": {"rh:doc": found}, "_returned": len(found)}


def _place(kept: Record, store: Store) -> tuple[str, str]:
    if "state" in kept:
        return kept["state"], ""
    if kept.get("cancelled_at") is not None:
        return _CANCELLED, "Đã hủy"
    age = store.now() - kept["at"]
    return [(code, words) for seconds, code, words in _WAY if age >= seconds][-1]


def _key(fields: dict[str, Any]) -> str:
    return f"{fields['customerCode']}/{fields['orderNumber']}"
