"""A chart as PNG, for emails: mail programs show no SVG."""

from functools import cache

import typst

from billing_engine.core.charts.drawing import Svg
from billing_engine.core.fonts import families, folders

DOTS_PER_INCH = 144.0
PAGE = """
#set page(width: auto, height: auto, margin: 12pt)
#set text(font: sys.inputs.fonts.split(","))
#image(bytes(sys.inputs.svg), format: "svg")
"""


def picture_of(svg: Svg) -> bytes:
    """Return a drawing with literal colors as PNG, twice as large so that it is sharp."""
    return bytes(
        typst.compile(
            PAGE.encode(),
            format="png",
            ppi=DOTS_PER_INCH,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"svg": svg, "fonts": ",".join(families())},
        )
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=list(folders()))
