"""
Content-addressed blobs: what other modules may call.

A blob has no address of its own on the web: a module hands it out through a record that the reader may see.
Other modules point to one with `ForeignKey("storage.Blob", on_delete=PROTECT, related_name="+")`, and declare the field
by `refers` at start-up: what no declared field refers to is deleted after some days.
"""

import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput, NotFound
from dinh.storage import streams
from dinh.storage.names import blob_path, safe_name
from dinh.storage.references import refers
from dinh.storage.scanning import Infected, ScannerSilent, scan
from dinh.storage.sniffing import DOCX, JPEG, PDF, PNG, TIFF, XLSX, kind_of, sniff

__all__ = [
    "DOCX", "JPEG", "PDF", "PNG", "TIFF", "XLSX", "BlobInfo", "FileTooLarge", "Infected", "ScannerSilent",
    "WrongFileType", "blob_response", "open_blob", "read_blob", "refers", "safe_name", "store", "store_bytes",
]  # fmt: skip

_SPOOL_MEMORY = 1024 * 1024
_LATELY = timedelta(hours=1)
"""Far below the least `DINH_ORPHANS_KEPT_DAYS`, so that the same bytes again rarely cost a write."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_SHOWN_INLINE = frozenset({PDF, PNG, JPEG})


class FileTooLarge(InvalidInput):
    status = 413


class WrongFileType(InvalidInput):
    status = 415


@dataclass(frozen=True)
class BlobInfo:
    """A kept blob: SHA-256 in hex, size in bytes, the media type that was sniffed."""

    sha256: str
    size: int
    media_type: str


def store(
    stream: BinaryIO | Iterable[bytes], *, accept: frozenset[str] = frozenset(), name: str = ""
) -> BlobInfo:
    """
    Keep what came from outside; the same bytes are kept once. On disk when this returns. Where ClamAV is configured it
    is asked first, over the network: never call this inside a transaction.

    :param accept: media types that may be, all if empty; the type is sniffed, never believed
    :param name: the file's name as given, for the wording of a refusal
    :raises FileTooLarge: beyond DINH_MAX_UPLOAD_MB
    :raises WrongFileType: if the content is not of a type that may be
    :raises Infected, ScannerSilent: by ClamAV's verdict, or for want of one
    """
    with _spooled(stream, accept=accept, name=name) as (target, info):
        scan(target, name=name)
        return _kept(target, info)


def store_bytes(data: bytes, *, accept: frozenset[str] = frozenset(), name: str = "") -> BlobInfo:
    """As `store`, for bytes that the house itself made: they are not scanned."""
    with _spooled(io.BytesIO(data), accept=accept, name=name) as (target, info):
        return _kept(target, info)


def open_blob(sha256: str) -> BinaryIO:
    """A readable, seekable stream; the caller closes it."""
    return cast("BinaryIO", storages["blobs"].open(blob_path(sha256)))


def read_blob(sha256: str) -> bytes:
    """All bytes, for letters that must be signed as a whole; large attachments are streamed instead."""
    with open_blob(sha256) as stream:
        return stream.read()


def blob_response(
    request: HttpRequest, sha256: str, *, filename: str, inline: bool = False
) -> HttpResponseBase:
    """
    Stream a blob to the reader, with ranges (RFC 9110 section 14) and its hash as entity tag.

    The caller has checked that the reader may see its record. Only PDF and plain images are ever shown
    inline; whatever else is downloaded, so that a hostile upload is not run in our pages.

    :raises NotFound: if there is no such blob
    """
    from dinh.storage.models import Blob

    blob = Blob.objects.filter(pk=sha256).first()
    if blob is None:
        raise NotFound(_("There is no such file."))
    etag = f'"{sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    response = _ranged(request, blob.sha256, blob.size)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    response["Content-Type"] = blob.media_type
    shown = inline and blob.media_type in _SHOWN_INLINE
    response["Content-Disposition"] = content_disposition_header(not shown, filename) or "inline"
    return response


@contextmanager
def _spooled(
    stream: BinaryIO | Iterable[bytes], *, accept: frozenset[str], name: str
) -> Iterator[tuple[BinaryIO, BlobInfo]]:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_MEMORY) as spooled:
        target = cast("BinaryIO", spooled)
        digest, size = streams.spool(stream, target, limit=settings.MAX_UPLOAD_BYTES)
        yield target, BlobInfo(digest, size, _checked_type(target, size, accept, name))


def _kept(stream: BinaryIO, info: BlobInfo) -> BlobInfo:
    path = blob_path(info.sha256)
    streams.keep(storages["blobs"], path, stream)
    _note_kept(info, at=timezone.now())
    # Once its row says that it was kept just now nobody deletes the file; somebody may have until then (`orphans`).
    streams.keep(storages["blobs"], path, stream)
    return info


def _note_kept(info: BlobInfo, *, at: datetime) -> None:
    """Let the blob's row say that it was stored in the last hour; waits for whoever deletes it at this moment."""
    from dinh.storage.models import Blob

    rows, lately = Blob.objects.filter(pk=info.sha256), at - _LATELY
    while True:
        blob = Blob(sha256=info.sha256, size=info.size, media_type=info.media_type, kept_at=at)
        Blob.objects.bulk_create([blob], ignore_conflicts=True)
        if rows.filter(kept_at__gte=lately).exists() or rows.update(kept_at=at):
            return


def _ranged(request: HttpRequest, sha256: str, size: int) -> HttpResponseBase:
    wanted = _RANGE.match(request.headers.get("Range", ""))
    if wanted is None or wanted.groups() == ("", ""):
        return _partial(sha256, 0, size, size, status=200)
    first, last = _bounds(wanted[1], wanted[2], size)
    if first > last or first >= size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return _partial(sha256, first, last - first + 1, size, status=206)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _partial(sha256: str, first: int, length: int, size: int, *, status: int) -> StreamingHttpResponse:
    body = streams.read_range(open_blob(sha256), first, length)
    response = StreamingHttpResponse(body, status=status, headers={"Content-Length": str(length)})
    if status == 206:
        response["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    return response


def _checked_type(stream: BinaryIO, size: int, accept: frozenset[str], name: str) -> str:
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
        raise FileTooLarge(
            _("%(name)s is larger than %(limit)d MB. Please make it smaller or split it.")
            % {"name": name or _("The file"), "limit": limit},
            field="file",
        )
    media_type = sniff(stream)
    if accept and media_type not in accept:
        raise WrongFileType(
            _(
                "%(name)s cannot be used here: by its content it is %(kind)s. Choose a file of the kind %(kinds)s."
            )
            % {
                "name": name or _("The file"),
                "kind": kind_of(media_type),
                "kinds": ", ".join(sorted(kind_of(each) for each in accept)),
            },
            field="file",
        )
    return media_type
