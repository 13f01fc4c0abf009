from django.urls import path

from dinh.signing.views import credentials, custody, plugin, trial, verify

app_name = "signing"
urlpatterns = [
    path("signing/verify/", verify.verify_page, name="verify"),
    path("signing/mine/", credentials.own_list, name="mine"),
    path("signing/mine/trial/", trial.begin_trial, name="trial"),
    path("signing/mine/trial/<uuid:session_id>/", trial.trial_page, name="trial_session"),
    path("signing/mine/trial/<uuid:session_id>/finish/", trial.finish_trial, name="trial_finish"),
    path("signing/mine/trial/<uuid:session_id>/letter.pdf", trial.trial_pdf, name="trial_pdf"),
    path("signing/plugin/<uuid:session_id>/errand/", plugin.errand, name="plugin_errand"),
    path("signing/plugin/letter/<str:secret>.pdf", plugin.letter, name="plugin_letter"),
    path("signing/plugin/upload/<str:secret>/", plugin.upload, name="plugin_upload"),
    path("signing/custody/", custody.custody, name="custody"),
    path("signing/custody/<int:custody_id>/end/", custody.end, name="custody_end"),
    path("signing/credentials/", credentials.registry, name="credentials"),
    path("signing/credentials/list.<str:ending>", credentials.registry_export, name="credentials_export"),
    path("signing/credentials/new/", credentials.register, name="credential_new"),
    path("signing/credentials/<int:credential_id>/", credentials.detail, name="credential"),
    path("signing/credentials/<int:credential_id>/image/", credentials.image, name="credential_image"),
    path("signing/credentials/<int:credential_id>/<slug:act>/", credentials.move, name="credential_act"),
]
