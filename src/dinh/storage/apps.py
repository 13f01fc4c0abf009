from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "dinh.storage"
    label = "storage"
