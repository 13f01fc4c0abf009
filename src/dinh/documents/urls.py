from dinh.documents import (
    urls_books,
    urls_copies,
    urls_drafting,
    urls_filing,
    urls_groups,
    urls_incoming,
    urls_intake,
    urls_outgoing,
    urls_reports,
)

app_name = "documents"
urlpatterns = [
    *urls_filing.urlpatterns,
    *urls_groups.urlpatterns,
    *urls_books.urlpatterns,
    *urls_copies.urlpatterns,
    *urls_drafting.urlpatterns,
    *urls_intake.urlpatterns,
    *urls_incoming.urlpatterns,
    *urls_outgoing.urlpatterns,
    *urls_reports.urlpatterns,
]
