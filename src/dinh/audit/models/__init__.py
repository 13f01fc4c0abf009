from dinh.audit.models.access import Access
from dinh.audit.models.entry import Entry
from dinh.audit.models.seal import Leaf, Seal

__all__ = ["Access", "Entry", "Leaf", "Seal"]
