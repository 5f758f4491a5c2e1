"""The addresses of the customer API."""

from django.urls import path

from portal.api.about import CustomerKeyView
from portal.api.account import CustomerOpenItems, CustomerStatement
from portal.api.activity import CustomerActions, CustomerActivity
from portal.api.charges import CustomerCharge, CustomerLineCharges
from portal.api.disputes import (
    CustomerDispute,
    CustomerDisputeAnswer,
    CustomerDisputeFile,
    CustomerDisputeReasons,
    CustomerDisputes,
    CustomerDisputeWithdrawal,
    CustomerSecondLook,
)
from portal.api.invoice_files import (
    CustomerCreditNotePdf,
    CustomerInvoiceCharges,
    CustomerInvoicePdf,
    CustomerInvoiceProof,
)
from portal.api.invoices import CustomerInvoiceOne, CustomerInvoices, CustomerLines, CustomerNotCharged
from portal.api.prices import CustomerPrices

urlpatterns = [
    path("key", CustomerKeyView.as_view(), name="customer-key"),
    path("invoices", CustomerInvoices.as_view(), name="customer-invoices"),
    path("invoices/<str:invoice>", CustomerInvoiceOne.as_view(), name="customer-invoice"),
    path("invoices/<str:invoice>/lines", CustomerLines.as_view(), name="customer-lines"),
    path("invoices/<str:invoice>/not-charged", CustomerNotCharged.as_view(), name="customer-not-charged"),
    path("invoices/<str:invoice>/pdf", CustomerInvoicePdf.as_view(), name="customer-invoice-pdf"),
    path("invoices/<str:invoice>/charges.csv", CustomerInvoiceCharges.as_view(), name="customer-invoice-charges"),
    path("invoices/<str:invoice>/proof", CustomerInvoiceProof.as_view(), name="customer-invoice-proof"),
    path("credit-notes/<str:note>/pdf", CustomerCreditNotePdf.as_view(), name="customer-credit-note-pdf"),
    path("lines/<str:line>/charges", CustomerLineCharges.as_view(), name="customer-line-charges"),
    path("charges/<str:charge>", CustomerCharge.as_view(), name="customer-charge"),
    path("activity", CustomerActivity.as_view(), name="customer-activity"),
    path("actions", CustomerActions.as_view(), name="customer-actions"),
    path("open-items", CustomerOpenItems.as_view(), name="customer-open-items"),
    path("statement", CustomerStatement.as_view(), name="customer-statement"),
    path("prices", CustomerPrices.as_view(), name="customer-prices"),
    path("disputes", CustomerDisputes.as_view(), name="customer-disputes"),
    path("dispute-reasons", CustomerDisputeReasons.as_view(), name="customer-dispute-reasons"),
    path("dispute-files/<str:file>", CustomerDisputeFile.as_view(), name="customer-dispute-file"),
    path("disputes/<str:dispute>", CustomerDispute.as_view(), name="customer-dispute"),
    path("disputes/<str:dispute>/answer", CustomerDisputeAnswer.as_view(), name="customer-dispute-answer"),
    path("disputes/<str:dispute>/withdrawal", CustomerDisputeWithdrawal.as_view(), name="customer-dispute-withdrawal"),
    path("disputes/<str:dispute>/second-look", CustomerSecondLook.as_view(), name="customer-second-look"),
]
