"""The app `leads`: customers, and the leads that sources send."""

from django.apps import AppConfig
from django.conf import settings


class LeadsConfig(AppConfig):
    """Customers, and the leads that sources send."""

    name = "leads"

    def ready(self) -> None:
        """Register what needs a second person, and the doors of webhooks; check the numbers of the seller in the settings."""
        from billing_engine.core.approvals.kinds import register  # noqa: PLC0415 -- models are not loaded earlier
        from leads.domain.access.second_person import THRESHOLD  # noqa: PLC0415 -- as above
        from leads.domain.imports.expire import UploadedFiles  # noqa: PLC0415 -- as above
        from leads.domain.mapping.doors import offer_door  # noqa: PLC0415 -- as above
        from leads.domain.number_prefixes import check_own_numbers  # noqa: PLC0415 -- as above
        from leads.domain.people.places import register_place  # noqa: PLC0415 -- as above
        from leads.domain.terms.approval import KINDS  # noqa: PLC0415 -- as above
        from leads.domain.terms.purchase_orders import PURCHASE_ORDER  # noqa: PLC0415 -- as above
        from leads.models import Hook  # noqa: PLC0415 -- as above

        check_own_numbers(settings.SELLER)
        register_place(UploadedFiles())
        for sender in Hook.Kind:
            offer_door(sender.value, f"{sender.label.removesuffix(' Webhooks')} webhooks")
        for kind in (THRESHOLD, *KINDS, PURCHASE_ORDER):
            register(kind)
