"""The engine's addresses, an empty view, and the conventional implementation."""

from django.urls import path

from billing_engine.urls import urlpatterns as ours
from tests.bench.intake.usual import EmptyView, UsualView

urlpatterns = [
    *ours,
    path("bench/empty", EmptyView.as_view()),
    path("bench/usual", UsualView.as_view()),
]
