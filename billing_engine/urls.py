"""Every address."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from billing_engine.core.api.problems import UnknownAddress
from billing_engine.core.api.schema_view import SchemaView


def favicon(_: HttpRequest) -> HttpResponseRedirect:
    """Where browsers look for it by themselves."""
    return HttpResponseRedirect(static("core/favicon.svg"))


handler400 = "billing_engine.error_pages.bad_request"
handler403 = "billing_engine.error_pages.forbidden"
handler404 = "billing_engine.error_pages.not_found"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("favicon.ico", favicon),
    path(".well-known/billing-proof/", include("invoices.api.well_known_urls")),
    path("admin/", include("billing_engine.accounts.login.urls")),  # before the admin, whose log-in it replaces
    path("admin/portal/", include("portal.admin.urls")),  # staff look as a customer sees it
    path("admin/", admin.site.urls),
    path("", include("receivables.api.urls")),  # paying online, for customers and for Stripe
    path("api/v1/", include("leads.api.urls")),
    path("api/v1/", include("pricing.api.urls")),
    path("api/v1/", include("invoices.api.urls")),
    path("api/v1/", include("reports.api.urls")),
    path("api/v1/customer/", include("portal.api.urls")),
    re_path(r"^api/v1/[\s\S]*$", UnknownAddress.as_view()),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
