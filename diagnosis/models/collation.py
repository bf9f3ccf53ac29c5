"""What a text is found and sorted by, the same on every database.

SQLite folds the case of ASCII alone and sorts by bytes; PostgreSQL sorts as the machine's locale says. So the order is
made here, once, and kept in a column that both compare byte by byte.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import models

LENGTH = 240  # characters: at most 960 bytes, which every index takes
# Marks that a person leaves out when they search: accents, and the vowel signs of Hebrew and Arabic. What is a letter
# of its own stays: й, the marks of Japanese and of Indian scripts.
_MARKS = re.compile(
    "(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"}
)


def collation_key(text: str) -> str:
    """Fold a text for searching and sorting: no case, no accents, no width, one space between words.

    "Ärger", "ARGER" and "ä r g e r" without its spaces are one; "ß" is "ss" (as in DIN 5007-1), "Αθήνα" is "αθηνα",
    "ёлка" is "елка". A text of marks alone is kept, so that only an empty text has an empty key.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    shown = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    bare = unicodedata.normalize("NFC", _MARKS.sub("", shown).translate(_UNDECOMPOSED))
    return (" ".join(bare.split()) or text.casefold())[:LENGTH]


class CollationKey(models.CharField):  # type: ignore[type-arg]  # not subscriptable at run time
    """The key of another column, written with it by every ``save`` and ``bulk_create``.

    Migrations know it as the CharField that it is; that of the column's introduction gives it PostgreSQL's collation
    "C". Whoever alters the column's type later must say so again.
    """

    def __init__(self, *args: Any, of: str = "label", **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": LENGTH, "blank": True, "editable": False, **kwargs})
        self.of = of

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Follow the other column."""
        key = collation_key(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """As a plain column: migrations import no living code."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs
