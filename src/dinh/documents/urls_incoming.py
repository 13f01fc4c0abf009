from django.urls import path

from dinh.documents.views import incoming as views

urlpatterns = [
    path("incoming/", views.incoming_list, name="incoming_list"),
    path("incoming/of/<int:document_id>/", views.incoming_of, name="incoming_of"),
    path("incoming/<int:incoming_id>/", views.incoming_detail, name="incoming"),
    path("incoming/<int:incoming_id>/content/", views.incoming_content, name="incoming_content"),
    path("incoming/<int:incoming_id>/<slug:act>/", views.incoming_act, name="incoming_act"),
    path("search/", views.search, name="search"),
]
