from django.urls import path

from dinh.notify.views import choices
from dinh.notify.views import notifications as views

app_name = "notify"
urlpatterns = [
    path("", views.notifications, name="list"),
    path("bell/", views.bell, name="bell"),
    path("choices/", choices.choices, name="choices"),
    path("choices/<slug:channel>/", choices.choose, name="choose"),
    path("read/", views.read_all, name="read_all"),
    path("<int:notification_id>/open/", views.open_one, name="open"),
]
