from django.urls import path

from dinh.documents.views import outgoing as views

urlpatterns = [
    path("outgoing/", views.outgoing_list, name="outgoing_list"),
    path("outgoing/new/", views.outgoing_new, name="outgoing_new"),
    path("outgoing/<int:outgoing_id>/", views.outgoing_detail, name="outgoing"),
    path("outgoing/<int:outgoing_id>/letter.pdf", views.outgoing_pdf, name="outgoing_pdf"),
    path("outgoing/<int:outgoing_id>/<slug:act>/", views.outgoing_act, name="outgoing_act"),
]
