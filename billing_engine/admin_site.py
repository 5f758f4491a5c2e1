"""The admin as this house has it: Unfold's site, with the month at a glance in front and the reports inside."""

from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite


class BillingAdminSite(UnfoldAdminSite):
    """The one site every model and every report is a page of."""

    index_template = "reports/front_page.html"
    index_title = "At a glance"

    def extra_urls(self) -> list[URLPattern]:
        """Pages that belong to no model; Unfold asks for them."""
        from reports.admin.activity import activity_csv, activity_page  # noqa: PLC0415 -- made before there are models
        from reports.admin.invariants import invariants_page  # noqa: PLC0415 -- as above

        return [
            path("reports/activity/", self.admin_view(activity_page), name="reports_activity"),
            path("reports/activity.csv", self.admin_view(activity_csv), name="reports_activity_csv"),
            path("reports/invariants/", self.admin_view(invariants_page), name="reports_invariants"),
        ]
