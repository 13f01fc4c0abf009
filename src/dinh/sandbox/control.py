"""Orders to the sandbox, in JSON: revoke a certificate, take that back, misbehave."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dinh.sandbox.faults import MODES, Faults, Mode
from dinh.sandbox.outside.store import Store
from dinh.sandbox.remote import RemoteSigning
from dinh.sandbox.revocations import REASONS, Revocations


class BadOrder(Exception):
    """The order cannot be carried out. The message names the field and what it may be."""


def revoke(body: bytes, revocations: Revocations, *, at: datetime) -> dict[str, Any]:
    """
    Revoke `serial` (hexadecimal) of `issuer` (ca or root; ca by default) as of now, for a `reason`.

    :raises BadOrder:
    """
    order = _read(body)
    reason = _choice(order, "reason", tuple(REASONS))
    added = revocations.add(issuer=_issuer(order), serial=_serial(order), reason=reason, at=at)
    return {"revoked": added.as_dict()}


def restore(body: bytes, revocations: Revocations) -> dict[str, Any]:
    """
    Forget the revocation of `serial` of `issuer`.

    :raises BadOrder:
    """
    order = _read(body)
    revocations.remove(issuer=_issuer(order), serial=_serial(order))
    return state_of_revocations(revocations)


def set_fault(body: bytes, faults: Faults) -> dict[str, Any]:
    """
    Let `service` misbehave in `mode` for `count` requests or `seconds`; `well` ends it.

    :raises BadOrder:
    """
    order = _read(body)
    service = _choice(order, "service", tuple(MODES), required=True)
    mode = _choice(order, "mode", ("well", *sorted(MODES[service])), required=True)
    if mode == "well":
        faults.clear(service)
    else:
        count, seconds = _number(order, "count"), _number(order, "seconds")
        faults.set(service, Mode(mode), count=None if count is None else int(count), seconds=seconds)
    return state_of_faults(faults)


_KEPT = {"civil_status": "civil_status", "criminal_records": "criminal_records", "post": "post_order"}
"""Stand-ins whose records have states, and what their records are called."""


def pass_time(body: bytes, store: Store) -> dict[str, Any]:
    """
    Let `seconds` go by for the stand-ins of outside systems, so that what lies there moves on.

    :raises BadOrder:
    """
    seconds = _number(_read(body), "seconds")
    if seconds is None:
        raise BadOrder("seconds must be a number above 0.")
    store.pass_time(seconds)
    return {"now": store.now()}


def set_state(body: bytes, store: Store) -> dict[str, Any]:
    """
    Put the record `key` of `service` into any `state`, one that no description knows too.

    :raises BadOrder:
    """
    order = _read(body)
    kind = _KEPT[_choice(order, "service", tuple(_KEPT), required=True)]
    kept = store.get(kind, str(order.get("key")))
    if kept is None or not isinstance(order.get("state"), str):
        raise BadOrder("key must be that of a record there, state a text.")
    store.put(kind, str(order["key"]), kept | {"state": order["state"]})
    return {"key": order["key"], "state": order["state"]}


def decide(body: bytes, remote: RemoteSigning, *, approve: bool) -> dict[str, Any]:
    """
    What the holder's phone says to the request `handle`; without one, to all that wait.

    :raises BadOrder:
    """
    order = _read(body)
    waiting = [handle for handle, each in remote.approvals.items() if each.state == "waiting"]
    handles = [str(order["handle"])] if "handle" in order else waiting
    return {"decided": sum(remote.decide(handle, approve=approve) for handle in handles)}


def state_of_phones(remote: RemoteSigning) -> dict[str, Any]:
    """What waits on holders' phones."""
    waiting = [(handle, each) for handle, each in remote.approvals.items() if each.state == "waiting"]
    shown = [
        {"handle": handle, "credential": each.credential, "description": each.description}
        for handle, each in waiting
    ]
    return {"phones": shown}


def state_of_revocations(revocations: Revocations) -> dict[str, Any]:
    return {"revocations": [item.as_dict() for item in revocations.all()]}


def state_of_faults(faults: Faults) -> dict[str, Any]:
    return {"faults": {service: mode.value for service, mode in faults.in_force().items()}}


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        order = json.loads(body)
    except ValueError as error:
        raise BadOrder("The body must be a JSON object.") from error
    if not isinstance(order, dict):
        raise BadOrder("The body must be a JSON object.")
    return order


def _issuer(order: Mapping[str, Any]) -> str:
    return _choice(order, "issuer", ("ca", "root"))


def _serial(order: Mapping[str, Any]) -> int:
    try:
        return int(str(order["serial"]).replace(":", ""), 16)
    except (KeyError, ValueError) as error:
        raise BadOrder("serial must be the certificate's serial number in hexadecimal.") from error


def _choice(order: Mapping[str, Any], name: str, choices: tuple[str, ...], *, required: bool = False) -> str:
    given = order.get(name) if required else order.get(name, choices[0])
    if given not in choices:
        raise BadOrder(f"{name} must be one of {', '.join(choices)}.")
    return str(given)


def _number(order: Mapping[str, Any], name: str) -> float | None:
    given = order.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or given <= 0:
        raise BadOrder(f"{name} must be a number above 0.")
    return float(given)
