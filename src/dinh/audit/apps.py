from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "dinh.audit"
    label = "audit"
