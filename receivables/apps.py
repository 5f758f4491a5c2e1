"""The app `receivables`: what customers owe, from issue to cash."""

from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    """Keep the books of what lower layers issue and void."""

    name = "receivables"

    def ready(self) -> None:
        """Register the ledger and electronic invoices with the invoices, which don't know them."""
        from billing_engine.core.approvals import kinds  # noqa: PLC0415 -- models are not loaded earlier
        from invoices.domain.document.electronic import make_electronic  # noqa: PLC0415 -- as above
        from invoices.domain.lines.books import keep_books  # noqa: PLC0415 -- as above
        from invoices.domain.mail.pay_online import pay_online_at  # noqa: PLC0415 -- as above
        from leads.domain.people.places import register_place  # noqa: PLC0415 -- as above
        from leads.models import EmailTopic  # noqa: PLC0415 -- as above
        from receivables.domain.credit_notes import approvals  # noqa: PLC0415 -- as above
        from receivables.domain.disputes import deciding, telling  # noqa: PLC0415 -- as above
        from receivables.domain.disputes.persons import Disputes  # noqa: PLC0415 -- as above
        from receivables.domain.einvoices.factur_x import FacturX  # noqa: PLC0415 -- as above
        from receivables.domain.ledger.books import LedgerBooks  # noqa: PLC0415 -- as above
        from receivables.domain.online.links import pay_address_of_invoice  # noqa: PLC0415 -- as above
        from receivables.domain.topic_emails.sending import compose_by  # noqa: PLC0415 -- as above
        from receivables.domain.write_offs import write_off  # noqa: PLC0415 -- as above

        register_place(Disputes())
        keep_books(LedgerBooks())
        make_electronic(FacturX())
        pay_online_at(pay_address_of_invoice)
        compose_by(EmailTopic.DISPUTES, telling.composed)
        for kind in (approvals.KIND, deciding.KIND, write_off.KIND):
            kinds.register(kind)
