from django.urls import path

from dinh.directory.views import account, sign_in, units

app_name = "directory"
urlpatterns = [
    path("sign-in/", sign_in.sign_in_page, name="sign_in"),
    path("sign-in/code/", sign_in.code_page, name="sign_in_code"),
    path("sign-in/password/", sign_in.new_password_page, name="sign_in_password"),
    path("sign-in/second-factor/", sign_in.enrol_page, name="sign_in_enrol"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/second-factor/", account.enrol, name="enrol"),
    path("account/second-factor/codes/", account.recovery_codes, name="recovery_codes"),
    path("account/second-factor/remove/", account.remove, name="remove_factor"),
    path("account/sessions/<int:session_id>/end/", account.end_one_session, name="end_session"),
    path("account/sessions/end-others/", account.end_other_sessions, name="end_other_sessions"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("positions/", sign_in.appointments, name="appointments"),
    path("positions/<int:appointment_id>/", sign_in.switch, name="switch"),
    path("units/", units.unit_list, name="units"),
    path("units/<int:unit_id>/", units.unit_detail, name="unit"),
]
