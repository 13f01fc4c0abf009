from dinh.notify.models.notification import Notification

__all__ = ["Notification"]
