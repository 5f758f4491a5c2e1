"""What a color means, and the fixed colors of emails and PDF, which have no style sheet."""

from enum import StrEnum


class Role(StrEnum):
    """What a series stands for; core/charts.css has a light and a dark color for each."""

    CHARGED = "charged"
    INCLUDED = "included"
    EXCLUDED = "excluded"
    UNRATED = "unrated"
    QUARANTINED = "quarantined"
    OTHER = "other"  # all others, the time before
    SHADE_1 = "shade-1"
    SHADE_2 = "shade-2"
    SHADE_3 = "shade-3"
    SHADE_4 = "shade-4"
    SHADE_5 = "shade-5"
    SHADE_6 = "shade-6"


SHADES = (Role.SHADE_1, Role.SHADE_2, Role.SHADE_3, Role.SHADE_4, Role.SHADE_5, Role.SHADE_6)
CHOSEN = {1: (3,), 2: (1, 3), 3: (1, 3, 5), 4: (0, 1, 3, 5), 5: (0, 1, 2, 3, 5)}  # so that neighbors differ clearly

GROUND, HAIR, TEXT, QUIET = "#ffffff", "#e5e7eb", "#374151", "#6b7280"
LITERAL = {
    Role.CHARGED: "#7c3aed",
    Role.INCLUDED: "#c4b5fd",
    Role.EXCLUDED: "#64748b",
    Role.UNRATED: "#d97706",
    Role.QUARANTINED: "#dc2626",
    Role.OTHER: "#9ca3af",
    Role.SHADE_1: "#ddd6fe",
    Role.SHADE_2: "#a78bfa",
    Role.SHADE_3: "#8b5cf6",
    Role.SHADE_4: "#7c3aed",
    Role.SHADE_5: "#5b21b6",
    Role.SHADE_6: "#3b0f78",
}


def shades(count: int) -> tuple[Role, ...]:
    """Return roles for `count` columns from light to dark; beyond six, neighbors share a shade."""
    if count in CHOSEN:
        return tuple(SHADES[place] for place in CHOSEN[count])
    return tuple(SHADES[place * len(SHADES) // count] for place in range(count))
