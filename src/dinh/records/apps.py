from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "dinh.records"
    label = "records"
