from django.urls import path

from dinh.worklist.views import absences, home

app_name = "worklist"
urlpatterns = [
    path("", home.my_work, name="home"),
    path("absences/", absences.absences, name="absences"),
    path("absences/<int:absence_id>/cancel/", absences.cancel, name="cancel_absence"),
]
