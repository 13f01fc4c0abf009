from dinh.worklist.models.absence import Absence, Delegation
from dinh.worklist.models.item import WorkItem

__all__ = ["Absence", "Delegation", "WorkItem"]
