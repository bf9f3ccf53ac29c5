"""Which user names are free: none that passes for another person's, on a page or at the sign-in.

Only new names are asked; who has an odd one keeps it.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from django.contrib.auth.models import User
from django.db.models import Q

# Scripts that are written together (Unicode TR 39, "highly restrictive"); any other mixture is made to deceive.
_TOGETHER = (
    {"LATIN", "HAN", "HIRAGANA", "KATAKANA"},
    {"LATIN", "HAN", "BOPOMOFO"},
    {"LATIN", "HAN", "HANGUL"},
)
_NOT_ASCII = r"[^\x00-\x7f]"


def mixes_scripts(name: str) -> bool:
    """Whether the letters are of scripts that nobody writes in one word, such as Latin and Cyrillic."""
    from confusable_homoglyphs import categories  # its tables are for sign-ups alone

    found = categories.unique_aliases(name) - {"COMMON", "INHERITED"}
    return len(found) > 1 and not any(found <= together for together in _TOGETHER)


@cache
def _as_ascii(letter: str) -> str:
    """The ASCII letter that looks like this one, or this one."""
    if letter.isascii():
        return letter
    from confusable_homoglyphs import confusables

    found = confusables.is_confusable(letter, greedy=True) or []
    alike = (glyph["c"] for entry in found for glyph in entry["homoglyphs"])
    return next((glyph for glyph in alike if glyph.isascii() and glyph.isalnum()), letter)


def skeleton(name: str) -> str:
    """What a name looks like: two names with one skeleton are taken for each other.

    ASCII stays ASCII ("anna1" and "annal" are two people of one course); width and case are folded.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(map(_as_ascii, folded)).casefold()


def looks_like_somebody(name: str) -> bool:
    """Whether somebody has a name that looks the same. Only names outside ASCII are read in one by one."""
    wanted = skeleton(name)
    rows = User.objects.filter(Q(username__iexact=wanted) | Q(username__regex=_NOT_ASCII))
    return any(skeleton(other) == wanted for other in rows.values_list("username", flat=True).iterator())
