from django.apps import AppConfig


class WorklistConfig(AppConfig):
    name = "dinh.worklist"
    label = "worklist"
