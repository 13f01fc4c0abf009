from django.urls import path

from dinh.documents.views import copies as views

urlpatterns = [
    path("incoming/<int:incoming_id>/copies/", views.copies_of_incoming, name="copies_of_incoming"),
    path("incoming/<int:incoming_id>/copies/new/", views.copy_incoming, name="copy_incoming"),
    path("outgoing/<int:outgoing_id>/copies/", views.copies_of_outgoing, name="copies_of_outgoing"),
    path("outgoing/<int:outgoing_id>/copies/new/", views.copy_outgoing, name="copy_outgoing"),
    path("copies/device/<uuid:session_id>/", views.copy_device, name="copy_device"),
    path("copies/device/<uuid:session_id>/finish/", views.copy_device_finish, name="copy_device_finish"),
    path("outgoing/<int:outgoing_id>/copy-foot.pdf", views.copy_foot, name="copy_foot"),
]
