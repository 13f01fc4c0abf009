from dinh.audit.models.entry import Entry
from dinh.audit.models.seal import Leaf, Seal

__all__ = ["Entry", "Leaf", "Seal"]
