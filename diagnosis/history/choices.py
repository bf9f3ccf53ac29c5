"""What a person may choose from beside fixed words: model versions, their own tags, their saved filters. One query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Case, CharField, Exists, F, OuterRef, Value, When
from django.db.models.functions import Cast

from diagnosis.models import ModelVersion, SavedFilter, StudyTag, Tag


@dataclass(slots=True)
class Choices:
    """Newest version first, the rest by name."""

    versions: dict[str, str] = field(default_factory=dict)  # value in the address: words
    active_version: str = ""
    tags: list[str] = field(default_factory=list)
    saved: list[tuple[int, str, str]] = field(default_factory=list)  # key, name, query

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> Choices:
        """Those of one person."""
        made = cls()
        state = Case(When(active=True, then=Value("active")), default=Value("version"))
        versions = _rows(ModelVersion.objects.all(), F("version"), F("sha256"), state)
        borne = Tag.objects.filter(Exists(StudyTag.objects.filter(tag=OuterRef("pk"))), owner_id=user.pk)
        tags = _rows(borne, F("name"), Value(""), Value("tag"))
        saved = _rows(SavedFilter.objects.filter(owner_id=user.pk), F("name"), F("query"), Value("saved"))
        rows = sorted(versions.union(tags, saved, all=True), key=lambda row: row[1], reverse=True)
        for kind, key, name, text in rows:
            if kind == "tag":
                made.tags.append(name)
            elif kind == "saved":
                made.saved.append((key, name, text))
            else:
                # Version and first letters of the hash: stable in a bookmark, and two builds of one version stay apart.
                made.versions[f"{name}-{text[:12]}"] = f"{name} ({text[:8]})"
                if kind == "active":
                    made.active_version = name
        made.tags.sort(key=str.casefold)
        made.saved.sort(key=lambda row: row[1].casefold())
        return made


def _rows(found: Any, name: Any, text: Any, kind: Any) -> Any:
    wide = CharField(max_length=500)
    return (
        found.order_by()
        .annotate(_kind=Cast(kind, wide), _name=Cast(name, wide), _text=Cast(text, wide))
        .values_list("_kind", "pk", "_name", "_text")
    )
