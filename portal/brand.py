"""The color of the portal: our company's own, if the settings name one."""

from django.conf import settings

from billing_engine.core.letters.brand import brand_colors


def has_color() -> bool:
    """Whether the company has a color of its own; otherwise there is no sheet to wait for."""
    return bool(settings.PORTAL_COLOR)


def brand_css() -> str:
    """Return the company's color as style; one that can't be read is made darker, on dark cards lighter."""
    if not has_color():
        return ""
    light, dark = brand_colors()
    return f":root{{--brand:{light}}}@media screen and (prefers-color-scheme:dark){{:root{{--brand:{dark}}}}}"
