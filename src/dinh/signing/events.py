"""What happens to signed files, for those who keep them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProofsAdded:
    """
    A signed PDF got proofs that could not be had when it was signed. The new file begins with the old one, byte for
    byte: whoever keeps `before` keeps `after` from now on.
    """

    before: str
    after: str
