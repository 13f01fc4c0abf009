"""
A stand-in for the signing plugin on people's computers: demo and tests only.

Speaks what the page's component speaks, over a WebSocket: one JSON message in, one out.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Origin

from dinh.kernel.errors import DomainError
from dinh.signing.keys import signer_of

Sign = Callable[[str, bytes], bytes]


def plugin_server(*, port: int, origins: Sequence[str], sign: Sign | None = None) -> Server:
    """
    A plugin on 127.0.0.1 that signs with the software keys of the demo; `serve_forever` runs it.

    :param port: 0 takes any that is free
    :param origins: pages that may ask it; others are refused at once
    :param sign: fingerprint of the certificate and signed attributes to raw signature
    """
    sign = sign or _demo_key

    def talk(socket: ServerConnection) -> None:
        for message in socket:
            socket.send(json.dumps(_answer(message, sign), ensure_ascii=False))

    return serve(
        talk, "127.0.0.1", port, origins=[Origin(origin) for origin in origins], max_size=1024 * 1024
    )


def _answer(message: str | bytes, sign: Sign) -> dict[str, Any]:
    try:
        asked = json.loads(message)
        if asked["function"] != "sign":
            return {"status": "refused", "message": "unknown function"}
        signature = sign(asked["certificate"], base64.b64decode(asked["attributes"], validate=True))
    except DomainError as refusal:
        return {"status": "refused", "message": str(refusal)}
    except (ValueError, KeyError, TypeError):
        return {"status": "refused", "message": "unreadable request"}
    return {"status": "signed", "signature": base64.b64encode(signature).decode()}


def _demo_key(fingerprint: str, attributes: bytes) -> bytes:
    if not (fingerprint.isalnum() and len(fingerprint) == 64):
        raise ValueError(fingerprint)
    return signer_of(fingerprint).sign(attributes)
