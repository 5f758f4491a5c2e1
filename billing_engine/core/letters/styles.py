"""The inline styles of an email, because most email programs read no style sheets."""

INK, MUTED, LINE = "#16202c", "#536070", "#dde3ea"
BREAKS = "overflow-wrap:anywhere;word-break:break-word"
FONT = "font-family:Inter,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
SMALL = "font-size:13px;line-height:19px"
TEXT = f"color:{INK};font-size:15px;line-height:24px;{BREAKS}"

STYLES = {
    "sheet": "margin:0;padding:0;background:#f5f7f9",
    "preview": "display:none;max-height:0;overflow:hidden;mso-hide:all",
    "page": "padding:24px 16px",
    "width": "max-width:600px",
    "card": f"padding:28px 32px;background:#ffffff;border:1px solid {LINE};border-radius:10px;{FONT}",
    "mark": "width:26px;height:26px;color:#ffffff;border-radius:6px;font-size:14px;line-height:26px;font-weight:600",
    "name": f"padding-left:10px;font-weight:600;{TEXT}",
    "heading": f"margin:16px 0 0;color:{INK};font-size:21px;line-height:28px;font-weight:600;{BREAKS}",
    "sentences": f"margin:12px 0 0;{TEXT}",
    "facts": "margin:12px 0 0;border-collapse:collapse;font-size:14px;line-height:20px",
    "fact": f"padding:8px 12px 8px 0;text-align:left;{BREAKS}",
    "value": "padding:8px 0;text-align:right;font-variant-numeric:tabular-nums",
    "note": f"display:block;color:{MUTED};{SMALL}",
    "long": f"display:block;color:{MUTED};font-weight:400",
    "button": "margin:16px 0 0",
    "pressed": "display:inline-block;padding:11px 16px;border-radius:6px;color:#ffffff;font-size:15px;line-height:22px;"
    "font-weight:500;text-decoration:none",
    "round": "border-radius:6px",
    "foot": "margin:24px 0 0",
    "notes": f"padding-top:16px;border-top:1px solid {LINE};color:{MUTED};{SMALL};{BREAKS}",
    "first": f"color:{INK}",
    "row": f"color:{INK};border-top:1px solid {LINE}",
    "total": "font-weight:600",
    "plain": "font-weight:400",
}
