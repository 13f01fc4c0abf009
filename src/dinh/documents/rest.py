from dinh.documents.rest_incoming import router

__all__ = ["router"]
