from dinh.storage.models.blob import Blob

__all__ = ["Blob"]
