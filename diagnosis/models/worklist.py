"""What a person keeps to work through their history: tags on studies, and filters by name. Nobody else sees either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Tag(models.Model):
    """One person's word for some of their studies; it lasts as long as a study bears it."""

    MOST = 100  # different ones of a person
    LONGEST = 30

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="tags",
        db_index=False,
    )  # fmt: skip
    name = models.CharField(_("tag"), max_length=LONGEST)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = (
            # Also the index behind a person's list of tags.
            models.UniqueConstraint(fields=("owner", "name"), name="one_tag_of_a_name_each"),
            models.CheckConstraint(condition=~Q(name=""), name="tag_has_name"),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def clean_name(cls, text: str) -> str:
        """As it is kept: one line, single spaces, no longer than allowed; empty if nothing is left."""
        return " ".join(text.split())[: cls.LONGEST].strip()

    @classmethod
    def put(cls, owner: AbstractBaseUser, name: str, studies: Sequence[UUID]) -> int | None:
        """Tag studies of this person.

        Args:
            owner: Whose tag, and whose studies: the caller has looked up that they are theirs.
            name: By :meth:`clean_name`, not empty.
            studies: Their keys.

        Returns:
            How many did not bear it before; ``None`` if the person has as many tags as one may.
        """
        with transaction.atomic():
            mine = cls._default_manager.filter(owner_id=owner.pk)
            tag = mine.filter(name=name).first()
            if tag is None and mine.count() >= cls.MOST:
                cls.forget_unused(owner)
                if mine.count() >= cls.MOST:
                    return None
            tag = tag or cls._default_manager.get_or_create(owner_id=owner.pk, name=name)[0]
            had = set(tag.taggings.filter(study__in=studies).values_list("study", flat=True))
            new = [StudyTag(tag=tag, study_id=key) for key in studies if key not in had]
            StudyTag.objects.bulk_create(new, ignore_conflicts=True)
        return len(new)

    @classmethod
    def take_off(cls, owner: AbstractBaseUser, name: str, studies: Iterable[UUID]) -> list[UUID]:
        """Untag studies; a tag that none bears any more is gone. Which of them bore it, so that it can be undone."""
        with transaction.atomic():
            rows = StudyTag.objects.filter(tag__owner_id=owner.pk, tag__name=name, study__in=list(studies))
            bore = list(rows.values_list("study", flat=True))
            rows.delete()
            cls.forget_unused(owner)
        return bore

    @classmethod
    def forget_unused(cls, owner: AbstractBaseUser) -> None:
        """Delete this person's tags that no study bears."""
        cls._default_manager.filter(owner_id=owner.pk, taggings=None).delete()


class StudyTag(models.Model):
    """One study bears one tag, of its owner."""

    study = models.ForeignKey("diagnosis.Study", on_delete=models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings", db_index=False)

    class Meta:
        verbose_name = _("tag of a study")
        verbose_name_plural = _("tags of studies")
        constraints = (
            # Also the index behind "the studies with this tag".
            models.UniqueConstraint(fields=("tag", "study"), name="a_tag_once_on_a_study"),
        )

    def __str__(self) -> str:
        return f"{self.tag_id}"


class TagNames(models.Aggregate):
    """The names of a study's tags as one text, a line each: they come with the study, in one query."""

    function = "GROUP_CONCAT"
    output_field = models.TextField()

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(*(expressions or ("tag__name", models.Value("\n"))), **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """PostgreSQL has its own name for it."""
        return self.as_sql(compiler, connection, function="STRING_AGG", **extra)

    @classmethod
    def of_study(cls) -> models.Subquery:
        """For ``annotate``, of the study in hand."""
        rows = StudyTag.objects.filter(study=models.OuterRef("pk")).order_by()
        return models.Subquery(rows.values("study").annotate(names=cls()).values("names"))


class SavedFilter(models.Model):
    """A query of the history's address under a name of the person's own."""

    MOST = 30  # of one person

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="saved_filters",
        db_index=False,
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("filter"), max_length=500)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = (
            # Also the index behind a person's list of them.
            models.UniqueConstraint(fields=("owner", "name"), name="one_filter_of_a_name_each"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_filter_has_name"),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(cls, owner: AbstractBaseUser, name: str, query: str) -> Self | None:
        """Save it; one of the same name is replaced. ``None`` if the person has as many as one may."""
        mine: Any = cls._default_manager.filter(owner_id=owner.pk)
        if not mine.filter(name=name).exists() and mine.count() >= cls.MOST:
            return None
        kept, _new = mine.update_or_create(owner_id=owner.pk, name=name, defaults={"query": query})
        return kept  # type: ignore[no-any-return]
