from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "dinh.kernel"
    label = "kernel"
