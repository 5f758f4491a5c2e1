"""The addresses of paying online."""

from django.urls import path

from receivables.api.online_events import events
from receivables.api.pay_page import pay

urlpatterns = [
    path("pay/<str:token>/", pay, name="pay"),
    path("online-payments/events", events, name="online_events"),
]
