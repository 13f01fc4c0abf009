from django.urls import path

from dinh.documents.views import draft_desk as desk
from dinh.documents.views import drafting as views

urlpatterns = [
    path("outgoing/new/", views.outgoing_new, name="outgoing_new"),
    path("outgoing/draft/preview/", views.draft_preview, name="draft_preview"),
    path("outgoing/draft/recipients/", views.draft_recipients, name="draft_recipients"),
    path("outgoing/draft/units/", views.draft_units, name="draft_units"),
    path("outgoing/draft/signers/", views.draft_signers, name="draft_signers"),
    path("outgoing/draft/template/<str:type_code>/", views.draft_template, name="draft_template"),
    path("outgoing/<int:outgoing_id>/draft/", desk.draft_desk, name="outgoing_draft"),
    path("outgoing/<int:outgoing_id>/draft/letter.docx", desk.draft_word, name="draft_word"),
    path("outgoing/<int:outgoing_id>/draft/edit/", views.draft_edit, name="draft_edit"),
    path("outgoing/<int:outgoing_id>/draft/places/", desk.draft_places, name="draft_places"),
    path("outgoing/<int:outgoing_id>/draft/pages/<int:page>.png", desk.draft_page, name="draft_page"),
    path(
        "outgoing/<int:outgoing_id>/draft/compare/<int:older>/<int:newer>/",
        desk.draft_compare,
        name="draft_compare",
    ),
    path(
        "outgoing/<int:outgoing_id>/draft/files/<int:attachment_id>/",
        desk.attachment,
        name="draft_attachment",
    ),
    path("outgoing/<int:outgoing_id>/draft/<slug:act>/", desk.draft_act, name="draft_act"),
]
