from django.urls import path

from dinh.documents.views import evidence, exports, incoming_acts, signatures
from dinh.documents.views import incoming as views

urlpatterns = [
    path("incoming/", views.incoming_list, name="incoming_list"),
    path("incoming/list.<str:ending>", exports.incoming_export, name="incoming_export"),
    path("incoming/register/", views.incoming_register_several, name="incoming_register_several"),
    path("incoming/of/<int:document_id>/", views.incoming_of, name="incoming_of"),
    path("incoming/<int:incoming_id>/", views.incoming_detail, name="incoming"),
    path("incoming/<int:incoming_id>/content/", views.incoming_content, name="incoming_content"),
    path(
        "incoming/<int:incoming_id>/attachments/<int:attachment_id>/",
        views.incoming_attachment,
        name="incoming_attachment",
    ),
    path(
        "incoming/<int:incoming_id>/signatures/", signatures.incoming_signatures, name="incoming_signatures"
    ),
    path("incoming/<int:incoming_id>/evidence/", evidence.incoming_evidence, name="incoming_evidence"),
    path("incoming/<int:incoming_id>/<slug:act>/", incoming_acts.incoming_act, name="incoming_act"),
    path("search/", views.search, name="search"),
    path("found/<int:document_id>/", views.found, name="found"),
]
