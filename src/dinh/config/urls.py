from django.urls import URLPattern, URLResolver, include, path

from dinh.config.api import api
from dinh.config.health import healthz, register_checks
from dinh.config.metrics import metrics

register_checks()

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("", include("dinh.worklist.urls")),
    path("directory/", include("dinh.directory.urls")),
    path("", include("dinh.signing.urls")),
    path("records/", include("dinh.records.urls")),
    path("documents/", include("dinh.documents.urls")),
]
