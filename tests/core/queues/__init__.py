"""For each queue a piece of waiting work, and the state once it is done exactly once."""

from tests.core.queues import invoices, leads, pricing, receivables, reports
from tests.core.queues.case import Case

CASES: dict[str, Case] = leads.CASES | pricing.CASES | invoices.CASES | receivables.CASES | reports.CASES
MAILED = {
    *(
        "invoices.mail",
        "receivables.mail",
        "receivables.remind",
        "receivables.mail_statement",
        "receivables.mail_topic",
    ),
    *("leads.notice", "reports.mail", "reports.alert_mail"),
}
