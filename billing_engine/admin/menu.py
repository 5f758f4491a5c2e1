"""The pages of people, invitations, roles and the schedule in the menu."""

from billing_engine.core.admin_kit.menu import in_menu, list_item

in_menu(
    "Administration",
    30,
    list_item("People", "group", "auth.user"),
    list_item("Invitations", "mail", "accounts.invitation"),
    list_item("Roles", "badge", "auth.group"),
    list_item("Schedule", "schedule", "django_celery_beat.periodictask"),
)
