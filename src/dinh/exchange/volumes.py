"""
A volume of the archive as a file: gzip of JSON lines.

First line: `version`, `number`, `previous` (SHA-256 of the volume before). Then one line for each batch: `gateway`,
`statement` and `signature` (hex) with `certificate` (SHA-256), and `lines`, the leaves of the statement's root.
Lines that a crash cut off from their batch stand by themselves, without `statement`.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from dinh.audit.merkle import leaf_hash, tree_hash

VERSION: Final = 1


class BrokenVolume(Exception):
    """The file is no volume, or not this one."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    One batch in a volume; without a batch, lines that nobody signed.

    :param batch: its id; empty without one
    """

    gateway: str
    batch: str
    statement: bytes
    signature: bytes
    certificate: str
    lines: tuple[bytes, ...]

    def root(self) -> bytes:
        return tree_hash([leaf_hash(line) for line in self.lines])


def write_volume(*, number: int, previous: str, shelves: Iterable[Shelf]) -> bytes:
    """The same content gives the same bytes."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        packed.write(_line({"version": VERSION, "number": number, "previous": previous}))
        for shelf in shelves:
            packed.write(_line(_told(shelf)))
    return out.getvalue()


def read_volume(data: bytes, *, number: int, previous: str) -> Iterator[Shelf]:
    """:raises BrokenVolume:"""
    try:
        first, *rest = gzip.decompress(data).split(b"\n")
        head = json.loads(first)
        if head != {"version": VERSION, "number": number, "previous": previous}:
            text = _("It is not volume %(number)d after %(previous)s.")
            raise BrokenVolume(text % {"number": number, "previous": previous or "–"})
        for line in rest:
            if line:
                yield _shelf(json.loads(line))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BrokenVolume(str(error)) from error


def _told(shelf: Shelf) -> dict[str, object]:
    lines = [line.decode() for line in shelf.lines]
    if not shelf.batch:
        return {"gateway": shelf.gateway, "lines": lines}
    return {
        "batch": shelf.batch,
        "gateway": shelf.gateway,
        "statement": shelf.statement.decode(),
        "signature": shelf.signature.hex(),
        "certificate": shelf.certificate,
        "lines": lines,
    }


def _shelf(told: dict[str, object]) -> Shelf:
    lines = told["lines"]
    assert isinstance(lines, list)  # noqa: S101 the form of our own files
    return Shelf(
        gateway=str(told["gateway"]),
        batch=str(told.get("batch", "")),
        statement=str(told.get("statement", "")).encode(),
        signature=bytes.fromhex(str(told.get("signature", ""))),
        certificate=str(told.get("certificate", "")),
        lines=tuple(str(line).encode() for line in lines),
    )


def _line(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
