"""The staff's lens on the portal: the customer's own addresses, at the staff's door."""

from django.contrib import admin
from django.urls import include, path

from portal.admin.lens import stop_looking

urlpatterns = [
    path("<uuid:customer>/stop/", admin.site.admin_view(stop_looking), name="end_look"),
    path("<uuid:customer>/", include("portal.customer_urls", namespace="lens")),
]
