"""The addresses of the API."""

from django.urls import path

from reports.api.actions import ActionView
from reports.api.activity import ActivityView

urlpatterns = [
    path("actions/<str:source>/<path:action>", ActionView.as_view(), name="action"),
    path("reports/activity", ActivityView.as_view(), name="api-activity"),
]
