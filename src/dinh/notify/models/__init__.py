from dinh.notify.models.choice import ChannelChoice, Pace
from dinh.notify.models.notification import Notification

__all__ = ["ChannelChoice", "Notification", "Pace"]
