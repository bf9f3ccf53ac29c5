"""What is the same on every page is written out once for each language, and nothing else is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.template import Context, Template
from django.template.base import TextNode
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils import translation

from diagnosis.templating.loader import write_out

TAGS = "{% load i18n pneumoweb static %}"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever language the test before this one was answered in."""
    with translation.override("en"):
        yield


def written(text: str, **context: Any) -> tuple[list[str], str]:
    """The kinds of nodes that are left of a template, and what it gives."""
    template = Template(TAGS + text)
    write_out(template.nodelist)
    return [type(node).__name__ for node in template.nodelist], template.render(Context(context))


@pytest.mark.parametrize(
    "text",
    [
        "{% translate 'History' %}",
        "{% url 'studies' %}",
        "{% static 'css/pneumoweb.css' %}",
        "{% icon 'film' 'icon-xl' %}",
        "{# a remark #}{% comment %}another{% endcomment %}",
    ],
)
def test_what_is_given_literals_alone_becomes_text(text: str) -> None:
    before = Template(TAGS + f"a{text}b").render(Context())
    assert written(f"a{text}b") == (["TextNode"], before)


@pytest.mark.parametrize(
    "text",
    [
        "{% translate word %}",
        "{% url page %}",
        "{% static file %}",
        "{% icon name %}",
        "{% translate 'History' as x %}{{ x }}",
    ],
)
def test_what_the_page_gives_stays(text: str) -> None:
    context = {"word": "History", "page": "studies", "file": "css/pneumoweb.css", "name": "film"}
    nodes, after = written(text, **context)
    assert nodes != ["TextNode"]
    assert after == Template(TAGS + text).render(Context(context))


def test_a_study_s_address_is_looked_up_once_and_takes_any_key() -> None:
    key = uuid.uuid4()
    nodes, after = written("{% url 'study_image' key %}?a={% url 'study' key %}", key=key)
    assert nodes.count("AddressOfOne") == 2
    assert after == f"{reverse('study_image', args=[key])}?a={reverse('study', args=[key])}"
    assert written("{% url 'study' key %}", key=str(key))[1] == reverse("study", args=[key])
    assert written("{% url 'token_revoke' key %}", key=7)[1] == reverse("token_revoke", args=[7])


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_sentence_is_translated_once_and_filled_in_each_time(language: str) -> None:
    text = "{% blocktranslate with name=given|upper %}Account of {{ name }}{% endblocktranslate %} 100 % {{ given }}"
    with translation.override(language):
        nodes, after = written(text, given="<a & b> %s")
        assert "Sentence" in nodes
        assert after == Template(TAGS + text).render(Context({"given": "<a & b> %s"}))
        assert written("{% blocktranslate %}Account of {{ name }}{% endblocktranslate %}")[1].strip() in (
            "Account of",
            "Konto von",
        )


def test_a_plural_is_left_to_the_tag() -> None:
    text = "{% blocktranslate count count=n %}{{ count }} study{% plural %}{{ count }} studies{% endblocktranslate %}"
    assert [written(text, n=number)[1] for number in (1, 2)] == ["1 study", "2 studies"]


def test_what_is_included_is_looked_up_once_and_sees_the_page() -> None:
    text = "{% for finding in findings %}{% include '_finding.html' with warned=True %}{% endfor %}{{ warned }}"
    for findings in (["normal"], ["pneumonia", "normal"]):
        assert written(text, findings=findings)[1] == Template(TAGS + text).render(Context({"findings": findings}))


def test_branches_loops_and_blocks_are_written_out_too() -> None:
    text = "{% block b %}{% if yes %}{% translate 'History' %}{% else %}{% url 'nowhere' %}{% endif %}{% endblock %}"
    template = Template(TAGS + text + "{% for x in xs %}{% icon 'film' %}{% endfor %}")
    write_out(template.nodelist)
    block, loop = template.nodelist[1:] if isinstance(template.nodelist[0], TextNode) else template.nodelist
    branches = [nodes for _condition, nodes in block.nodelist[0].conditions_nodelists]
    assert [type(nodes[0]).__name__ for nodes in branches] == ["TextNode", "URLNode"]
    assert type(loop.nodelist_loop[0]) is TextNode
    assert template.render(Context({"yes": True})) == "History"


def test_a_part_in_a_language_of_its_own_keeps_it() -> None:
    text = "{% translate 'History' %} {% language 'de' %}{% translate 'History' %}{% endlanguage %}"
    assert written(text)[1] == "History Verlauf"


def test_each_language_has_its_own_copy_of_a_template() -> None:
    given = {}
    for language in ("en", "de", "en"):
        with translation.override(language):
            given[language] = get_template("_disclaimer_line.html").render()
    assert "not a diagnosis" in given["en"]
    assert "keine Diagnose" in given["de"]


@pytest.mark.django_db
def test_two_languages_in_turn_are_answered_each_in_its_own(client: Client) -> None:
    for language, word in (("en", "Sign in"), ("de", "Anmelden"), ("en", "Sign in"), ("de", "Anmelden")):
        assert word in client.get(reverse("help"), headers={"accept-language": language}).text
