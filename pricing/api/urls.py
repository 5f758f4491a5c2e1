"""API addresses."""

from django.urls import path

from pricing.api.charges import ExplanationView

urlpatterns = [path("charges/<int:charge>/explanation", ExplanationView.as_view(), name="explanation")]
