from django.urls import path

from dinh.documents.views import drafting as views

urlpatterns = [
    path("outgoing/new/", views.outgoing_new, name="outgoing_new"),
]
