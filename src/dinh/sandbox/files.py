"""Small files written in one step, so that they are never seen half; readable by this account only."""

import os
import secrets
from pathlib import Path


def keep(path: Path, data: bytes) -> None:
    """Put the bytes at the path, replacing what stood there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
    draft.replace(path)
