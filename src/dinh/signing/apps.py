from django.apps import AppConfig


class SigningConfig(AppConfig):
    name = "dinh.signing"
    label = "signing"
