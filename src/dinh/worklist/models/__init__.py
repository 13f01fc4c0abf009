from dinh.worklist.models.absence import Absence, Delegation
from dinh.worklist.models.item import WorkItem
from dinh.worklist.models.saved_filter import SavedFilter

__all__ = ["Absence", "Delegation", "SavedFilter", "WorkItem"]
