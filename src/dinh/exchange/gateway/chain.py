"""Where the chain of a gateway's batches stands, whatever was shipped already and whatever died."""

import json
import os
from pathlib import Path
from typing import Final

from dinh.exchange.gateway.batches import MARK, Batch, Link
from dinh.exchange.gateway.segments import Records

_FILE: Final = "chain.json"


def next_link(folder: Path) -> Link | None:
    """
    The link of the next batch, after all that this folder's log holds or held; None if it never held any.

    :param folder: of the segments; they were synced
    """
    last, told = _last_in_segments(folder), _noted(folder)
    if last is None or last.link is None:
        return told
    after = last.link.next(last.root)
    return after if told is None or told.chain != after.chain or after.number > told.number else told


def note_shipped(folder: Path, batch: Batch) -> None:
    """Before a segment is deleted: remember the end of what it held."""
    if batch.link is None:
        return
    told, after = _noted(folder), batch.link.next(batch.root)
    if told is not None and told.chain == after.chain and told.number >= after.number:
        return
    new = folder / f"{_FILE}.new"
    with new.open("w") as handle:
        json.dump([after.chain, after.number, after.previous.hex()], handle)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(new, folder / _FILE)


def _noted(folder: Path) -> Link | None:
    try:
        chain, number, previous = json.loads((folder / _FILE).read_text())
    except FileNotFoundError:
        return None
    return Link(chain, number, bytes.fromhex(previous))


def _last_in_segments(folder: Path) -> Batch | None:
    for path in sorted(folder.glob("[0-9]*.*"), reverse=True):
        last = None
        for record in Records(path):
            if record.startswith(MARK):
                last = record
        if last is not None:
            return Batch.read(last)
    return None
