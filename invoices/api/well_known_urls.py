"""The addresses under /.well-known/billing-proof/."""

from django.urls import path

from invoices.api.well_known import proof_keys, proof_program

urlpatterns = [
    path("keys.json", proof_keys, name="proof-keys"),
    path("verify.py", proof_program, name="proof-program"),
]
