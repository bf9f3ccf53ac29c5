"""Which fonts a text needs, and from which side it is read.

Fonts come with Python packages and all of them are free (OFL): none is looked for on the machine, so that a report
looks the same everywhere. Only the letters that a report uses are embedded in it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LATIN = "Noto Sans"  # Greek and Cyrillic too
# Noto Sans Arabic draws letters and their dots apart, which text tools read back as two letters; Plex does not.
ARABIC, CJK = "IBM Plex Sans Arabic", "Noto Sans CJK SC"
FALLBACK = (LATIN, ARABIC, CJK, "Noto Sans Symbols", "Noto Emoji")
PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk", "fontpkg_ibm_plex_sans_arabic")
# A script's own font must come first, else the spaces between its words are of another one, and a line falls apart.
# Japanese and Korean before Chinese: they share its signs and draw some of them in another way.
_SCRIPTS = {
    **{name: f"Noto Sans {name.capitalize()}" for name in (
        "ARMENIAN", "BENGALI", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GUJARATI", "GURMUKHI", "HEBREW", "KANNADA",
        "KHMER", "LAO", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAI",
    )},
    "ARABIC": ARABIC, "HIRAGANA": "Noto Sans CJK JP", "KATAKANA": "Noto Sans CJK JP", "HANGUL": "Noto Sans CJK KR",
    "CJK": CJK,
}  # fmt: skip
_ENDLESS = re.compile(r"(\S{40})(?=\S{20})")


@cache
def font_folders() -> list[str]:
    """Where the packages keep their fonts."""
    specs = [find_spec(package) for package in PACKAGES]
    return [str(Path(spec.origin).parent) for spec in specs if spec is not None and spec.origin]


def fonts_for(text: str) -> list[str]:
    """Families for a text, in the order in which they are asked for a letter."""
    if text.isascii():
        return [LATIN]
    found = {unicodedata.name(letter, "").split(" ")[0].split("-")[0] for letter in text}
    first = [font for script, font in _SCRIPTS.items() if script in found]
    return list(dict.fromkeys((*first, *FALLBACK)))


def from_the_right(text: str) -> bool:
    """Whether a paragraph is read from the right: its first letter of any direction says so (UAX 9, P2)."""
    first = next(
        (direction for letter in text if (direction := unicodedata.bidirectional(letter)) in ("L", "R", "AL")), "L"
    )
    return first != "L"


def as_set(text: Any) -> dict[str, Any]:
    """A text for ``report.typ``. A word without end may be broken every forty letters."""
    plain = _ENDLESS.sub("\\1\u200b", str(text)) if len(str(text)) > 200 else str(text)
    plain = "".join(letter for letter in plain if letter == "\n" or unicodedata.category(letter) != "Cc")
    return {"text": plain, "fonts": fonts_for(plain), "rtl": from_the_right(plain)}
