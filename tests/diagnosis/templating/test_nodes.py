"""The short ways of a template that is written out give what Django's own give, and keep nothing of anybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Engine, Template
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from diagnosis.models import State
from diagnosis.templating.loader import write_out
from diagnosis.templating.nodes import _fragments


class Odd:
    """What a template may meet."""

    known = "k"
    none = None

    @property
    def broken(self) -> str:
        """Fails as a missing name does."""
        raise AttributeError("inside")

    def told(self) -> str:
        """Needs nothing."""
        return "<told>"

    def asked(self, what: str) -> str:
        """Needs something."""
        return what

    def removes(self) -> str:
        """Must not be called from a page."""
        raise AssertionError

    removes.alters_data = True  # type: ignore[attr-defined]


CONTEXT: dict[str, Any] = {
    "odd": Odd(),
    "lazy": SimpleLazyObject(Odd),
    "user": SimpleLazyObject(AnonymousUser),
    "size": (3, 4000),
    "map": {"a": {"items": 1, "b": "<b>"}},
    "State": State,
    "when": dt.datetime(2026, 3, 1, 23, 59, 58, tzinfo=dt.UTC),
    "naive": dt.datetime(2026, 3, 1, 23, 59, 58),
    "some": ["x", 1234, 2.5, None, True],
}
NAMES = (
    "nothing", "nothing.more", "odd.known", "odd.known.more", "odd.missing", "odd.none", "odd.none.more", "odd.told",
    "odd.asked", "odd.removes", "lazy.known", "lazy.missing", "lazy.told", "user.is_authenticated", "user.get_username",
    "size.0", "size.1", "size.7", "size.a", "map.a.b", "map.a.items", "map.missing", "map.items", "State", "State.DONE",
    "State.DONE.label", "when", "when.year", "naive", "some", "some.1", "some.2", "some.3", "some.4", "some.0.0",
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_gives_what_it_gives_in_a_template_of_django(name: str, language: str) -> None:
    text = (
        "{{ %(n)s }}|{%% if %(n)s %%}a{%% elif not %(n)s %%}b{%% endif %%}|{%% if %(n)s == 'k' %%}c{%% endif %%}|"
        "{{ %(n)s|default:'d' }}|{%% with x=%(n)s %%}{{ x }}{%% endwith %%}|{%% if 1234 in %(n)s %%}d{%% endif %%}"
    )
    with translation.override(language), timezone.override("Europe/Berlin"):
        written = Template(text % {"n": name})
        write_out(written.nodelist)
        assert written.render(Context(CONTEXT)) == Template(text % {"n": name}).render(Context(CONTEXT))


def test_a_property_that_fails_is_no_missing_name() -> None:
    written = Template("{{ odd.broken }}")
    write_out(written.nodelist)
    with pytest.raises(AttributeError, match="inside"):
        written.render(Context(CONTEXT))


FILES = {
    "base": "<{% block title %}base{% endblock %}|{% block body %}b{% block inner %}i{% endblock %}{% endblock %}>",
    "one": "{% extends 'base' %}ignored{% block title %}one {{ x }}{% endblock %}",
    "two": "{% extends 'one' %}{% block inner %}two{% endblock %}",
    "three": "{% extends 'two' %}{% block body %}{% block own %}3{% endblock %}{% endblock %}",
    "four": "{% extends 'three' %}{% block own %}4{% endblock %}{% block title %}{{ block.super }}!{% endblock %}",
    "five": "{% extends 'four' %}{% block own %}5{% endblock %}",
    "six": "{% extends which %}{% block title %}six{% endblock %}",
}


@pytest.mark.parametrize("name", FILES)
def test_a_template_and_those_it_extends_are_one(name: str) -> None:
    plain = ("django.template.loaders.locmem.Loader", FILES)
    joined = Engine(loaders=[("diagnosis.templating.loader.LanguageLoader", [plain])])
    by_django = Engine(loaders=[plain])
    context = {"x": "<&>", "which": "two"}
    for _ in range(2):
        expected = by_django.get_template(name).render(Context(context))
        assert joined.get_template(name).render(Context(context)) == expected


def test_with_debug_templates_are_left_as_they_are() -> None:
    plain = ("django.template.loaders.locmem.Loader", FILES)
    engine = Engine(debug=True, loaders=[("diagnosis.templating.loader.LanguageLoader", [plain])])
    assert type(engine.get_template("one").nodelist[0]).__name__ == "ExtendsNode"


def test_what_is_filled_into_a_remembered_part_is_of_this_page_alone() -> None:
    text = "{% load pneumoweb %}{% remembered '_topbar.html' here True staff username=name csrf_token=token %}"
    given = {}
    for name in ("<anna>", "bert {0} \\1", "<anna>"):
        user = User(username=name)
        context = Context({"here": "help", "staff": False, "user": user, "name": name, "token": f"token of {name}"})
        given[name] = Template(text).render(context)
    anna, bert = given.values()
    assert '<span class="name">&lt;anna&gt;</span>' in anna
    assert 'value="token of &lt;anna&gt;"' in anna
    assert "bert" not in anna
    assert '<span class="name">bert {0} \\1</span>' in bert
    assert "anna" not in bert


def test_a_part_with_a_key_that_is_none_is_drawn_with_all_that_the_page_has_and_not_kept() -> None:
    text = "{% load pneumoweb %}{% remembered 'studies/_view_switch.html' key as_table=table %}"
    before = dict(_fragments)
    given = [
        Template(text).render(Context({"key": None, "table": f"q={word}", "as_cards": f"{word}&view=cards"}))
        for word in ("<hip>", "knee")
    ]
    assert 'href="?q=&lt;hip&gt;"' in given[0]
    assert 'href="?knee&amp;view=cards"' in given[1]
    assert _fragments == before
