"""A student's words made safe to show, once, where they enter: for terminals, pages, spreadsheets and JSON alike.

Control characters (among them all that a terminal would obey), changes of writing direction, separators that break
lines where nobody sees it, and halves of characters are replaced; line feeds and tabs stay. What a format itself needs
(HTML's entities, a spreadsheet's apostrophe) is added by its writer.
"""

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
    "|[\U000e0000-\U000e007f]"
)


def cleaned(text: str, limit: int | None = None) -> str:
    """The text, at most `limit` characters of it, with nothing in it that acts on whoever shows it."""
    if limit is not None and len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    return _UNPRINTABLE.sub("\ufffd", _ESCAPES.sub("", text))
