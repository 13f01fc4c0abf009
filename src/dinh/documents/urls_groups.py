from django.urls import path

from dinh.documents.views import recipient_groups as views

urlpatterns = [
    path("groups/", views.group_list, name="group_list"),
    path("groups/new/", views.group_new, name="group_new"),
    path("groups/<int:group_id>/", views.group_change, name="group_change"),
    path("groups/<int:group_id>/delete/", views.group_delete, name="group_delete"),
]
