from django.urls import path

from dinh.worklist.views import absences, home, saved_filters

app_name = "worklist"
urlpatterns = [
    path("", home.my_work, name="home"),
    path("late-work/", home.late_work, name="late_of_others"),
    path("absences/", absences.absences, name="absences"),
    path("absences/of/", absences.absences_of_others, name="absences_of_others"),
    path("absences/of/<int:person_id>/", absences.absence_of, name="absence_of"),
    path("absences/<int:absence_id>/cancel/", absences.cancel, name="cancel_absence"),
    path("saved-filters/", saved_filters.save, name="save_filter"),
    path("saved-filters/<int:filter_id>/remove/", saved_filters.remove, name="remove_filter"),
]
