"""The rows that reports keep of their own; what they report on belongs to the apps below."""

from reports.models.alert import Alert, AlertKind, AlertMail, AlertSubscription

__all__ = ["Alert", "AlertKind", "AlertMail", "AlertSubscription"]
