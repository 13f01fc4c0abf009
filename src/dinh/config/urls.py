from django.urls import URLPattern, URLResolver, path

from dinh.config.health import healthz, register_checks
from dinh.config.metrics import metrics

register_checks()

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
]
