"""Asking ClamAV about an upload, by clamd's protocol (clamd(8), INSTREAM), where DINH_CLAMAV names one."""

import socket
import struct
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput
from dinh.storage.streams import pieces

_PORT: Final = 3310
_SECONDS: Final = 60
_MOST_ANSWER: Final = 4096


class Infected(InvalidInput):
    """The scanner found something; the message names the file and what was found."""


class ScannerSilent(InvalidInput):
    """A scanner is configured but gave no verdict; nothing is taken in unscanned."""

    status = 503


def scan(stream: BinaryIO, *, name: str) -> None:
    """
    Have what the stream holds scanned, if a scanner is configured.

    :raises Infected: if something was found
    :raises ScannerSilent: if there is no verdict, also because the file is beyond the scanner's own limit
    """
    if not settings.CLAMAV:
        return
    shown = name or _("The file")
    stream.seek(0)
    try:
        verdict = _asked(b"INSTREAM", stream)
    except OSError as error:
        raise ScannerSilent(
            _("The virus scanner does not answer, so %(name)s was not taken. Please try again later.")
            % {"name": shown},
            field="file",
        ) from error
    if verdict.endswith(" FOUND"):
        found = verdict.removeprefix("stream: ").removesuffix(" FOUND")
        raise Infected(
            _("%(name)s was refused: the virus scanner found %(found)s in it.")
            % {"name": shown, "found": found},
            field="file",
        )
    if verdict != "stream: OK":
        raise ScannerSilent(
            _("The virus scanner cannot check %(name)s: %(reason)s") % {"name": shown, "reason": verdict},
            field="file",
        )


def scanner_answers() -> str | None:
    """Empty if the configured scanner answers, else the reason; None if none is configured."""
    if not settings.CLAMAV:
        return None
    try:
        answer = _asked(b"PING")
    except OSError as error:
        return f"{settings.CLAMAV} does not answer: {error}"
    return "" if answer == "PONG" else f"{settings.CLAMAV} answers {answer!r}"


def _asked(command: bytes, stream: BinaryIO | None = None) -> str:
    with _connected() as connection:
        connection.sendall(b"z" + command + b"\0")
        try:
            for piece in pieces(stream) if stream else ():
                connection.sendall(struct.pack("!L", len(piece)) + piece)
            if stream:
                connection.sendall(struct.pack("!L", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass  # beyond its limit clamd answers and hangs up; the answer says so
        return _answer(connection)


def _answer(connection: socket.socket) -> str:
    answer = b""
    while (
        not answer.endswith(b"\0") and len(answer) < _MOST_ANSWER and (piece := connection.recv(_MOST_ANSWER))
    ):
        answer += piece
    if not answer:
        raise ConnectionError("no answer")
    return answer.rstrip(b"\0\n").decode(errors="replace")


def _connected() -> socket.socket:
    url = urlsplit(settings.CLAMAV)
    if url.scheme == "tcp":
        return socket.create_connection((url.hostname, url.port or _PORT), timeout=_SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_SECONDS)
    try:
        connection.connect(url.path)
    except OSError:
        connection.close()
        raise
    return connection
