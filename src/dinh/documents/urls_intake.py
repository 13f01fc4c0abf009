from django.urls import path

from dinh.documents.views import intake as views

urlpatterns = [
    path("incoming/intake/", views.intake_new, name="intake_new"),
    path("incoming/intake/issuers/", views.intake_issuers, name="intake_issuers"),
    path("incoming/intake/alike/", views.intake_alike, name="intake_alike"),
    path("incoming/<int:incoming_id>/intake/", views.intake_panel, name="intake_panel"),
    path("incoming/<int:incoming_id>/intake/correct/", views.intake_correct, name="intake_correct"),
    path("incoming/<int:incoming_id>/scan/", views.intake_original, name="intake_original"),
    path("incoming/<int:incoming_id>/scan/new/", views.intake_scan, name="intake_scan"),
    path("incoming/<int:incoming_id>/stamped.pdf", views.intake_stamped, name="intake_stamped"),
    path("incoming/<int:incoming_id>/stamp.pdf", views.intake_stamp, name="intake_stamp"),
]
