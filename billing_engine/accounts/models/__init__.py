"""The tables of accounts; the people themselves are Django's users."""

from billing_engine.accounts.models.customer_person import CustomerPerson
from billing_engine.accounts.models.emailed_invitation import EmailedInvitation
from billing_engine.accounts.models.factor_reset import FactorReset
from billing_engine.accounts.models.invitation import Invitation
from billing_engine.accounts.models.role_grant import RoleGrant

__all__ = ["CustomerPerson", "EmailedInvitation", "FactorReset", "Invitation", "RoleGrant"]
