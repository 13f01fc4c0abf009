from django.urls import path

from dinh.signing.views import verify

app_name = "signing"
urlpatterns = [
    path("signing/verify/", verify.verify_page, name="verify"),
]
