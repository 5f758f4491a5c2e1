"""Charts as SVG, drawn on the server from plain values: no query, no script, no style of their own but classes.

`stacked_bars` and `lines` draw a `TimeChart`, `ranked_bars` a `RankChart`, `sparkline` the bars of a table cell.
On a page their colors are those of core/charts.css; `literal=True` draws them with fixed colors for emails and PDF,
and `picture_of` makes a PNG of such a drawing. `as_text` says the same in lines.
"""
