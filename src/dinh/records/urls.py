from django.urls import path

from dinh.records.views import case_files as views

app_name = "records"
urlpatterns = [
    path("case-files/", views.case_file_list, name="case_file_list"),
    path("case-files/new/", views.case_file_new, name="case_file_new"),
    path("case-files/<int:case_file_id>/", views.case_file_detail, name="case_file"),
    path("case-files/<int:case_file_id>/close/", views.case_file_close, name="case_file_close"),
    path(
        "case-files/<int:case_file_id>/<int:filing_id>/take-out/",
        views.case_file_take_out,
        name="case_file_take_out",
    ),
]
