"""Email domains, such as example.com."""

from django.core.validators import RegexValidator

validate_domain = RegexValidator(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", "A domain in lowercase, such as example.com.")
