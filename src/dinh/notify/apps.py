from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "dinh.notify"
    label = "notify"
