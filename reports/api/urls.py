"""The addresses of the API."""

from django.urls import path

from reports.api.actions import ActionView

urlpatterns = [path("actions/<str:source>/<path:action>", ActionView.as_view(), name="action")]
