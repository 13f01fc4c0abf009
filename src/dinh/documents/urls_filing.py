from django.urls import path

from dinh.documents.views import filing as views

urlpatterns = [
    path("incoming/<int:incoming_id>/file/", views.file_incoming, name="file_incoming"),
    path("outgoing/<int:outgoing_id>/file/", views.file_outgoing, name="file_outgoing"),
]
