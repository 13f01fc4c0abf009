from django.urls import path

from dinh.records.views import case_files as views
from dinh.records.views import exports, file_lists

app_name = "records"
urlpatterns = [
    path("case-files/", views.case_file_list, name="case_file_list"),
    path("case-files/new/", views.case_file_new, name="case_file_new"),
    path("case-files/<int:case_file_id>/", views.case_file_detail, name="case_file"),
    path("case-files/list.<str:ending>", exports.case_file_register, name="case_file_register"),
    path("case-files/<int:case_file_id>/hand-over/", views.case_file_hand_over, name="case_file_hand_over"),
    path("case-files/<int:case_file_id>/documents.<str:ending>", exports.record_list, name="record_list"),
    path(
        "case-files/<int:case_file_id>/export.<str:ending>", exports.case_file_export, name="case_file_export"
    ),
    path("list/", file_lists.file_list_now, name="file_list_now"),
    path("list/<int:year>/", file_lists.file_list, name="file_list"),
    path("list/<int:year>/approve/", file_lists.file_list_approve, name="file_list_approve"),
    path("list/<int:year>/copy/", file_lists.file_list_copy, name="file_list_copy"),
    path("list/<int:year>/list.<str:ending>", exports.file_list_print, name="file_list_print"),
    path("list/<int:year>/<int:entry_id>/remove/", file_lists.entry_remove, name="entry_remove"),
    path("case-files/<int:case_file_id>/close/", views.case_file_close, name="case_file_close"),
    path("case-files/<int:case_file_id>/reopen/", views.case_file_reopen, name="case_file_reopen"),
    path("case-files/<int:case_file_id>/correct/", views.case_file_correct, name="case_file_correct"),
    path(
        "case-files/<int:case_file_id>/<int:filing_id>/take-out/",
        views.case_file_take_out,
        name="case_file_take_out",
    ),
]
