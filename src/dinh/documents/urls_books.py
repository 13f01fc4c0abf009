from django.urls import path

from dinh.documents.views import books as views
from dinh.documents.views import importing

urlpatterns = [
    path("books/", views.book_list, name="book_list"),
    path("books/new/", views.book_new, name="book_new"),
    path("books/<int:book_id>/", views.book_detail, name="book"),
    path("books/<int:book_id>/register.pdf", views.book_pdf, name="book_pdf"),
    path("books/<int:book_id>/register.xlsx", views.book_xlsx, name="book_xlsx"),
    path("books/<int:book_id>/keep/", views.book_keep, name="book_keep"),
    path("books/<int:book_id>/close/", views.book_close, name="book_close"),
    path("books/void/<int:outgoing_id>/", views.book_void, name="book_void"),
    path("books/<int:book_id>/import/", importing.import_new, name="import_new"),
    path("books/<int:book_id>/sample.xlsx", importing.import_sample, name="import_sample"),
    path("books/import/<int:import_id>/", importing.import_detail, name="import"),
    path("books/import/<int:import_id>/state/", importing.import_state, name="import_state"),
    path("books/import/<int:import_id>/start/", importing.import_start, name="import_start"),
]
