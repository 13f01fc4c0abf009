from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"
