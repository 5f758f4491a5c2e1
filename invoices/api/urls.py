"""The URLs of the invoices API."""

from django.urls import path

from invoices.api.charges import ChargesPage, LineChargesPage
from invoices.api.invoices import InvoicePage, InvoicesPage, LinesPage

urlpatterns = [
    path("invoices", InvoicesPage.as_view(), name="api-invoices"),
    path("invoices/<int:invoice>", InvoicePage.as_view(), name="api-invoice"),
    path("invoices/<int:invoice>/lines", LinesPage.as_view(), name="api-lines"),
    path("lines/<int:line>/charges", LineChargesPage.as_view(), name="api-line-charges"),
    path("charges", ChargesPage.as_view(), name="api-charges"),
]
