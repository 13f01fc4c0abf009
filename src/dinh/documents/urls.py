from dinh.documents import urls_incoming

app_name = "documents"
urlpatterns = [*urls_incoming.urlpatterns]
