from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from dinh.config.api import api
from dinh.config.guide import guide, guide_list
from dinh.config.health import healthz, register_checks
from dinh.config.law import law
from dinh.config.metrics import metrics
from dinh.config.way_in import way_in
from dinh.directory.views.search import search

register_checks()

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("healthz", healthz, name="healthz"),
    path("healthz/way-in", way_in, name="way_in"),
    path("metrics", metrics, name="metrics"),
    path("search/", search, name="search"),
    path("law/", law, name="law"),
    path("guide/", guide_list, name="guides"),
    path("guide/<slug:name>/", guide, name="guide"),
    path("language/", set_language, name="set_language"),
    path("", include("dinh.worklist.urls")),
    path("notifications/", include("dinh.notify.urls")),
    path("directory/", include("dinh.directory.urls")),
    path("", include("dinh.signing.urls")),
    path("exchange/", include("dinh.exchange.urls")),
    path("records/", include("dinh.records.urls")),
    path("documents/", include("dinh.documents.urls")),
]
