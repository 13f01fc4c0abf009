from django.apps import AppConfig
from django.core import checks


class StorageConfig(AppConfig):
    name = "dinh.storage"
    label = "storage"

    def ready(self) -> None:
        from dinh.storage.references import check_declared

        checks.register(check_declared)
