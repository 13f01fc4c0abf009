from django.urls import path

from dinh.exchange.views import (
    accesses,
    catalogue,
    dashboard,
    dictionaries,
    grants,
    log,
    outside,
    systems,
    trials,
)

app_name = "exchange"
urlpatterns = [
    path("", catalogue.catalogue, name="catalogue"),
    path("services/new/", catalogue.new_service, name="service_new"),
    path("services/<int:service_id>/", catalogue.service, name="service"),
    path("services/<int:service_id>/versions/new/", catalogue.new_version, name="version_new"),
    path("versions/<int:version_id>/openapi.json", catalogue.description, name="description"),
    path("versions/<int:version_id>/ask/", catalogue.ask, name="ask"),
    path("versions/<int:version_id>/keys/", trials.trial_keys, name="trial_keys"),
    path("versions/<int:version_id>/trial-address/", trials.trial_address, name="trial_address"),
    path("operations/<int:operation_id>/", trials.operation, name="operation"),
    path("versions/<int:version_id>/end/<slug:act>/", catalogue.end_version, name="version_end"),
    path("members/new/", systems.new_member, name="member_new"),
    path("systems/", systems.systems, name="systems"),
    path("systems/new/", systems.new_system, name="system_new"),
    path("systems/<int:system_id>/", systems.system, name="system"),
    path("systems/<int:system_id>/secrets/", systems.new_secret, name="secret_new"),
    path(
        "systems/<int:system_id>/secrets/<int:secret_id>/revoke/", systems.revoke_secret, name="secret_revoke"
    ),
    path("systems/<int:system_id>/certificates/", systems.new_certificate, name="certificate_new"),
    path(
        "systems/<int:system_id>/certificates/<int:certificate_id>/revoke/",
        systems.revoke_certificate,
        name="certificate_revoke",
    ),
    path("systems/<int:system_id>/act/<slug:act>/", systems.move_system, name="system_act"),
    path("systems/<int:system_id>/peer/", systems.new_peer, name="peer_new"),
    path("systems/<int:system_id>/peer/<int:peer_id>/end/", systems.end_peer, name="peer_end"),
    path("grants/", grants.grants, name="grants"),
    path("grants/<int:grant_id>/", grants.grant, name="grant"),
    path("grants/<int:grant_id>/<slug:act>/", grants.decide, name="grant_act"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("outside/", outside.outside, name="outside"),
    path("versions/<int:version_id>/reach/", dashboard.reach_provider, name="version_reach"),
    path("log/", log.log, name="log"),
    path("log/<uuid:exchange_id>/", log.exchange, name="exchange"),
    path("log/<uuid:exchange_id>/evidence/", log.evidence, name="evidence"),
    path("accesses/", accesses.accesses, name="accesses"),
    path("dictionaries/", dictionaries.dictionaries, name="dictionaries"),
    path("dictionaries/new/", dictionaries.new_version, name="dictionary_new"),
    path("dictionaries/<str:code>/", dictionaries.dictionary, name="dictionary"),
    path("dmdc/Category/<str:code>", dictionaries.category, name="category"),
    path("dmdc/Metadata/<str:code>", dictionaries.metadata, name="metadata"),
]
