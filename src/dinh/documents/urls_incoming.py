from django.urls import path

from dinh.documents.views import directing, evidence, exports, incoming_acts, metadata, search, signatures
from dinh.documents.views import incoming as views

urlpatterns = [
    path("incoming/", views.incoming_list, name="incoming_list"),
    path("incoming/to-direct/", directing.directing_tray, name="directing_tray"),
    path("incoming/<int:incoming_id>/direct/", directing.direct, name="incoming_direct"),
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
    path("incoming/<int:incoming_id>/slip.pdf", views.incoming_slip, name="incoming_slip"),
    path("incoming/<int:incoming_id>/metadata/", metadata.incoming_metadata_page, name="incoming_metadata"),
    path("incoming/<int:incoming_id>/<slug:act>/", incoming_acts.incoming_act, name="incoming_act"),
    path("search/", search.search, name="search"),
    path("search/found.<str:ending>", search.search_download, name="search_download"),
    path("found/<int:document_id>/", search.found, name="found"),
]
