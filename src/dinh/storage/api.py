"""
Content-addressed blobs: what other modules may call.

A blob has no address of its own on the web: a module hands it out through a record that the reader may see.
Other modules point to one with `ForeignKey("storage.Blob", on_delete=PROTECT, related_name="+")`.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

import puremagic
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase


@dataclass(frozen=True)
class BlobInfo:
    sha256: str
    size: int
    media_type: str


def store(
    stream: BinaryIO | Iterable[bytes], *, accept: frozenset[str] = frozenset(), name: str = ""
) -> BlobInfo:
    """
    Keep what the stream holds; the same bytes are kept once.

    :param accept: media types that may be; the type is sniffed from the content, never believed
    :param name: the file's name as given, for the wording of a refusal
    :raises InvalidInput: if the content is too large or not what it may be
    """
    from dinh.storage.models import Blob

    data = stream.read() if hasattr(stream, "read") else b"".join(stream)
    digest = hashlib.sha256(data).hexdigest()
    media_type = puremagic.from_string(data, mime=True) if data else "application/octet-stream"
    path = _path(digest)
    if not storages["blobs"].exists(path):
        storages["blobs"].save(path, ContentFile(data))
    Blob.objects.get_or_create(sha256=digest, defaults={"size": len(data), "media_type": media_type})
    return BlobInfo(digest, len(data), media_type)


def store_bytes(data: bytes, *, accept: frozenset[str] = frozenset(), name: str = "") -> BlobInfo:
    return store(io.BytesIO(data), accept=accept, name=name)


def open_blob(sha256: str) -> BinaryIO:
    """A readable, seekable stream; the caller closes it."""
    return storages["blobs"].open(_path(sha256))  # type: ignore[return-value]


def read_blob(sha256: str) -> bytes:
    """All bytes, for letters that must be signed as a whole; large attachments are streamed instead."""
    with open_blob(sha256) as stream:
        return stream.read()


def blob_response(
    request: HttpRequest, sha256: str, *, filename: str, inline: bool = False
) -> HttpResponseBase:
    """Stream a blob to the reader, with ranges; the caller has checked that the reader may see its record."""
    return FileResponse(open_blob(sha256), filename=filename, as_attachment=not inline)


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
