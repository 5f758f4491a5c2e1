"""The addresses of the API."""

from django.urls import path

from leads.api.deliveries import DeliveriesView

urlpatterns = [path("deliveries", DeliveriesView.as_view(), name="deliveries")]
