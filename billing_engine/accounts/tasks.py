"""Celery tasks of people's accounts."""

from celery import shared_task

from billing_engine.accounts.login.password_mail import mail_password_links


@shared_task(name="accounts.mail_password_links")
def mail_password_links_task(*, user_ids: list[int], at_portal: int, address: str, **_: object) -> int:
    """Send the links to a new password."""
    return mail_password_links(user_ids, at_portal=bool(at_portal), address=address)
