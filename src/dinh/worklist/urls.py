from django.urls import path

from dinh.worklist.views import home

app_name = "worklist"
urlpatterns = [path("", home.my_work, name="home")]
