from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "dinh.directory"
    label = "directory"
