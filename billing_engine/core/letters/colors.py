"""Colors that can be read: contrast by WCAG 2.2, and the nearest legible color."""

LIGHT, DARK = (255, 255, 255), (0x17, 0x1F, 0x27)  # the cards on which the company's color is read
LEGIBLE = 4.5  # contrast of text
STEPS = 20
Color = tuple[int, int, int]


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


def written(color: Color) -> str:
    """`#24489a`."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def _luminance(color: Color) -> float:
    """How bright a color is, from 0 to 1 (WCAG 2.2)."""
    parts = [each / 255 for each in color]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
