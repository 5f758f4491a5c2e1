"""Which company of ours writes: its name, address and color, and the site that its emails link to."""

from dataclasses import dataclass

from django.conf import settings

from billing_engine.core.letters.colors import DARK, LIGHT, legible, parsed, written

OURS = "#24489a", "#9db9ff"  # the portal's own colors, if the settings name none


@dataclass(frozen=True, slots=True)
class Brand:
    """What customers see of our company."""

    name: str
    email: str
    place: str
    logo: str = ""

    @property
    def initial(self) -> str:
        """The sign that stands for the logo where no picture is shown."""
        return self.name[:1].upper()


def brand_named(name: str, *, email: str, address: str) -> Brand:
    """Return the brand of a company by its details."""
    return Brand(name, email, _place(address), settings.PORTAL_LOGO)


def own_brand() -> Brand:
    """Return the brand of the seller in the settings."""
    own = settings.SELLER
    return brand_named(own["name"], email=own["email"], address=own["address"])


def brand_colors() -> tuple[str, str]:
    """Return the company's color as it is read on white and on dark cards."""
    if not settings.PORTAL_COLOR:
        return OURS
    color = parsed(settings.PORTAL_COLOR)
    return written(legible(color, on=LIGHT)), written(legible(color, on=DARK))


def portal_site() -> str:
    """Return where customers reach the portal, such as `https://billing.example.com`; "" if the settings don't say."""
    host: str = settings.PORTAL_HOST
    scheme = "https" if settings.HTTPS else "http"
    return f"{scheme}://{host}" if host else str(settings.ONLINE_PAYMENTS["site"])


def is_ours(address: str) -> bool:
    """Whether an address is on one of our own sites: only those become buttons."""
    sites = (portal_site(), str(settings.ONLINE_PAYMENTS["site"]))
    return any(address.startswith(f"{site}/") for site in sites if site)


def _place(address: str) -> str:
    """The address on one line."""
    return ", ".join(line.strip() for line in address.splitlines() if line.strip())
