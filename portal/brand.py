"""Whose portal it is: our company's name, address, color and logo."""

from dataclasses import dataclass

from django.conf import settings

from leads.models import Customer

LIGHT, DARK = (255, 255, 255), (0x17, 0x1F, 0x27)  # the cards on which the color is read
LEGIBLE = 4.5  # WCAG 2.2, contrast of text
STEPS = 20
Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Brand:
    """What customers see of our company."""

    name: str
    email: str
    place: str
    logo: str


def brand_of(customer: Customer | None) -> Brand:
    """Return the company that bills this customer; before anyone is known, the seller in the settings."""
    company = customer.terms.on(customer.today).seller if customer else None
    if company is None:
        own = settings.SELLER
        return Brand(own["name"], own["email"], _place(own["address"]), settings.PORTAL_LOGO)
    details = company.details_on(customer.today) if customer else company.details_today
    return Brand(company.name, details.email, _place(details.address), settings.PORTAL_LOGO)


def _place(address: str) -> str:
    """The address on one line."""
    return ", ".join(line.strip() for line in address.splitlines() if line.strip())


def has_color() -> bool:
    """Whether the company has a color of its own; otherwise there is no sheet to wait for."""
    return bool(settings.PORTAL_COLOR)


def brand_css() -> str:
    """Return the company's color as style; one that can't be read is made darker, on dark cards lighter."""
    if not has_color():
        return ""
    color = parsed(settings.PORTAL_COLOR)
    light, dark = legible(color, on=LIGHT), legible(color, on=DARK)
    return (
        f":root{{--brand:{_written(light)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{--brand:{_written(dark)}}}}}"
    )


def parsed(text: str) -> Color:
    """`#24489a` as numbers. Raises ValueError."""
    digits = text.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"{text} is not a color such as #24489a.")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def legible(color: Color, *, on: Color) -> Color:
    """Return the color, or the nearest mixture with black or white whose contrast is enough."""
    goal = (0, 0, 0) if _luminance(on) > 0.5 else (255, 255, 255)
    for step in range(STEPS + 1):
        mixed = tuple(each + (end - each) * step // STEPS for each, end in zip(color, goal, strict=True))
        found = (mixed[0], mixed[1], mixed[2])
        if contrast(found, on) >= LEGIBLE:
            return found
    return goal


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colors, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    """How bright a color is, from 0 to 1 (WCAG 2.2)."""
    parts = [each / 255 for each in color]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _written(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
