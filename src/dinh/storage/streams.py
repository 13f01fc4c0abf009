"""Taking in and giving out bytes without holding them in memory."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

CHUNK = 256 * 1024
UNFINISHED = ".unfinished-"


def pieces(stream: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    """The stream in pieces of bounded size."""
    read = getattr(stream, "read", None)
    if read is None:
        yield from stream
        return
    while piece := read(CHUNK):
        yield piece


def spool(stream: BinaryIO | Iterable[bytes], target: BinaryIO, *, limit: int) -> tuple[str, int]:
    """
    Copy to `target`, counting and hashing.

    :returns: SHA-256 in hex and the size; a size beyond the limit means that copying stopped there
    """
    digest, size = hashlib.sha256(), 0
    for piece in pieces(stream):
        size += len(piece)
        if size > limit:
            break
        digest.update(piece)
        target.write(piece)
    target.flush()
    return digest.hexdigest(), size


def keep(storage: Storage, path: str, source: BinaryIO) -> None:
    """Write once, so that the bytes are on disk when this returns; an existing file is left as it is."""
    if storage.exists(path):
        return
    source.seek(0)
    if isinstance(storage, FileSystemStorage):
        _keep_local(Path(storage.path(path)), source)
    else:
        storage.save(path, File(source))


def _keep_local(path: Path, source: BinaryIO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            for piece in pieces(source):
                handle.write(piece)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        # A full disk must not become fuller by what it had no room for.
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def forget_unfinished(storage: Storage, *, before: datetime) -> int:
    """
    Delete what processes left that were killed while they wrote a blob; only a local folder has such files.

    :returns: how many
    """
    if not isinstance(storage, FileSystemStorage):
        return 0
    left = [
        path
        for path in Path(storage.location).glob(f"*/*/{UNFINISHED}*")
        if path.stat().st_mtime < before.timestamp()
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def read_range(stream: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    """`length` bytes from `first`; closes the stream."""
    with stream:
        stream.seek(first)
        while length > 0 and (piece := stream.read(min(CHUNK, length))):
            length -= len(piece)
            yield piece
