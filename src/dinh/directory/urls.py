from django.urls import path

from dinh.directory.views import sign_in, units

app_name = "directory"
urlpatterns = [
    path("sign-in/", sign_in.sign_in_page, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("positions/", sign_in.appointments, name="appointments"),
    path("positions/<int:appointment_id>/", sign_in.switch, name="switch"),
    path("units/", units.unit_list, name="units"),
    path("units/<int:unit_id>/", units.unit_detail, name="unit"),
]
