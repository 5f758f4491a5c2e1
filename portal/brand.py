"""The color of the portal: our company's own, if the settings name one."""

from django.conf import settings

from billing_engine.core.letters.brand import brand_colors


def brand_css() -> str:
    """Return the company's color as style; one that can't be read is made darker, on dark cards lighter."""
    if not settings.PORTAL_COLOR:
        return ""
    light, dark = brand_colors()
    return f":root{{--brand:{light}}}@media screen and (prefers-color-scheme:dark){{:root{{--brand:{dark}}}}}"
