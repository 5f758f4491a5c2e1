"""Add the cost of an action to the pages of leads and actions, since the app below knows nothing about prices."""

from billing_engine.core.admin_kit.columns import column
from leads.admin.actions import ActionAdmin
from leads.admin.leads import ActionRows
from pricing.admin.action_outcome import outcome

OUTCOME = column(outcome, title="outcome")
RELATED = ("charge", "unrated")

ActionRows.extend("priced", OUTCOME, after="shown_period", related=RELATED)
ActionAdmin.extend("priced", OUTCOME, after="shown_label", beside="shown_period", related=RELATED)
