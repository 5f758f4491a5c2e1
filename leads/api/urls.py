"""The URLs of the API for lead sources."""

from django.urls import path

from leads.api.deliveries import DeliveriesView
from leads.api.hooks import HooksView
from leads.api.receipts import LimitsView, ReceiptView

urlpatterns = [
    path("deliveries", DeliveriesView.as_view(), name="deliveries"),
    path("hooks/<str:source>/<str:token>", HooksView.as_view(), name="hook"),
    path("receipts/<int:receipt>", ReceiptView.as_view(), name="receipt"),
    path("limits", LimitsView.as_view(), name="limits"),
]
