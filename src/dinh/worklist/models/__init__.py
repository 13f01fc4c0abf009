from dinh.worklist.models.item import WorkItem

__all__ = ["WorkItem"]
