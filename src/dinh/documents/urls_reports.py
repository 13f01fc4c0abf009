from django.urls import path
from django.views.generic import RedirectView

from dinh.documents.views import reports as views

urlpatterns = [
    path("reports/", RedirectView.as_view(url="follow-up/"), name="report_list"),
    path("reports/<slug:code>/", views.report_page, name="report"),
    path("reports/<slug:code>/report.<str:ending>", views.report_download, name="report_download"),
]
