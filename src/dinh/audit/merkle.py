"""Merkle trees as in RFC 6962 section 2.1, over SHA-256."""

import hashlib
from collections.abc import Sequence


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes; of no leaves, the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


class TreeHasher:
    """The root over leaf hashes that come one by one, in memory of the tree's height."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        size = 1
        while self._peaks and self._peaks[-1][0] == size:
            size, leaf = size * 2, node_hash(self._peaks.pop()[1], leaf)
        self._peaks.append((size, leaf))

    def root(self) -> bytes:
        """As `tree_hash` of all that was added."""
        if not self._peaks:
            return tree_hash([])
        *earlier, (_size, root) = self._peaks
        for _size, peak in reversed(earlier):
            root = node_hash(peak, root)
        return root


def inclusion_path(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """The siblings from a leaf up to the root (RFC 6962, 2.1.1); the position tells the side of each."""
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        if position ^ 1 < len(level):
            path.append(level[position ^ 1])
        level, position = _next_level(level), position // 2
    return path


def root_from_path(leaf: bytes, path: Sequence[bytes], *, position: int, count: int) -> bytes | None:
    """The root that a leaf and its path lead to in a tree of `count` leaves; None if they cannot belong together."""
    if not 0 <= position < count:
        return None
    siblings = list(path)
    current = leaf
    while count > 1:
        if position ^ 1 < count:
            if not siblings:
                return None
            sibling = siblings.pop(0)
            current = node_hash(sibling, current) if position % 2 else node_hash(current, sibling)
        position, count = position // 2, (count + 1) // 2
    return None if siblings else current


def _next_level(level: list[bytes]) -> list[bytes]:
    pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]
