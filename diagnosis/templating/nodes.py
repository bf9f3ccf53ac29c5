"""What a template that is written out (``loader.py``) is made of: Django's nodes, with short ways for what is
common. Each gives what Django's own would, and leaves to it whatever is not common.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cached_property, lru_cache
from html import escape
from typing import Any
from uuid import UUID

from django.template import Context, Node, Template, Variable, VariableDoesNotExist
from django.template.base import FilterExpression, NodeList, TextNode, VariableNode, render_value_in_context
from django.template.defaulttags import CycleNode, IfChangedNode, ResetCycleNode, URLNode
from django.template.loader import get_template
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode, ExtendsNode, IncludeNode
from django.template.smartif import TokenBase
from django.templatetags.i18n import BlockTranslateNode
from django.utils import timezone
from django.utils.formats import localize
from django.utils.safestring import SafeString
from django.utils.translation import get_language

KEEPING: Any = (BlockNode, CycleNode, ExtendsNode, IfChangedNode, ResetCycleNode)


class Settled(NodeList):
    """Nodes to which nothing is added any more. Their blocks are looked for once, not for every page."""

    def render(self, context: Context) -> SafeString:
        """As Django's, which also notes where an error was, for its page of DEBUG."""
        return SafeString("".join([part if isinstance(part, str) else part(context) for part in self.parts]))

    @cached_property
    def parts(self) -> list[Any]:
        """The text of a node that is text; what renders each other one."""
        return [node.s if type(node) is TextNode else node.render for node in self]

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Node]:
        """As Django's."""
        known: dict[type[Node], list[Node]] = self.__dict__.setdefault("known", {})
        if nodetype not in known:
            known[nodetype] = super().get_nodes_by_type(nodetype)
        return known[nodetype]


class Name(Variable):
    """A name in a template, as ``study.label``: looked up without asking objects for items that have none, and without
    listing all that an object has where it lacks what is asked for."""

    def __init__(self, var: str) -> None:
        super().__init__(var)
        self.first, *self.rest = self.lookups or (var,)

    def resolve(self, context: Any) -> Any:
        """As Django's.

        Raises:
            VariableDoesNotExist: there is nothing of this name.
        """
        try:
            value = context[self.first]
        except KeyError:
            raise VariableDoesNotExist("Failed lookup for key [%s]", (self.first,)) from None
        try:
            for bit in self.rest:
                if callable(value):
                    return super().resolve(context)
                kind = value.__class__  # of what is behind a lazy object
                if hasattr(kind, "__getitem__"):
                    try:
                        value = value[bit]
                        continue
                    except (TypeError, AttributeError, KeyError, ValueError, IndexError):
                        pass
                try:
                    value = getattr(value, bit)
                except AttributeError:
                    if hasattr(kind, bit):
                        raise
                    if not bit.isdigit():
                        raise VariableDoesNotExist("Failed lookup for key [%s] in %r", (bit, kind)) from None
                    value = value[int(bit)]
        except VariableDoesNotExist:
            raise
        except Exception:  # Django knows which of them a template passes over
            return super().resolve(context)
        return super().resolve(context) if callable(value) else value


def quicken(part: Any) -> None:
    """Make a :class:`Name` of every name in the expressions of a node's part."""
    if isinstance(part, FilterExpression):
        if type(part.var) is Variable and part.var.lookups and not part.var.translate:
            part.var = Name(str(part.var.var))
    elif isinstance(part, TokenBase):
        for one in (part.first, part.second, part.value):
            quicken(one)
    elif isinstance(part, dict):
        quicken([*part.values()])
    elif isinstance(part, list | tuple) and not isinstance(part, NodeList):
        for one in part:
            quicken(one)


class Place(SafeString):
    """In the place of a value that is filled in later: of a text, or of the key in an address."""


class AddressOfOne(Node):
    """The address of a page about one thing that a UUID names."""

    child_nodelists = ()

    def __init__(self, node: URLNode, before: str, after: str) -> None:
        self.node, self.key, self.before, self.after = node, node.args[0], before, after

    def render(self, context: Context) -> str:
        """As the tag itself, which sees to every other kind of key."""
        key = self.key.resolve(context)
        return f"{self.before}{key}{self.after}" if type(key) in (UUID, Place) else self.node.render(context)


class Value(VariableNode):
    """``{{ … }}``, with a short way for what is a text already, as most is."""

    def render(self, context: Context) -> str:
        """As Django's."""
        return shown(self.filter_expression.resolve(context), context)


class Sentence(Node):
    """A ``blocktranslate`` without a plural, whose translation is known: only what it names is filled in."""

    child_nodelists = ()

    def __init__(self, node: BlockTranslateNode, text: str, names: list[str]) -> None:
        self.text, self.given = text, {name: node.extra_context.get(name) or Name(name) for name in names}

    def render(self, context: Context) -> str:
        """As the tag itself."""
        return self.text % {name: shown(_resolved(value, context), context) for name, value in self.given.items()}


class Block(BlockNode):
    """A block of a template that is whole: nothing extends it while it is rendered, and nothing in it asks for
    ``block.super`` (``WritingLoader.whole``)."""

    def render(self, context: Context) -> SafeString:
        """As Django's, without ``block``; with it where Django itself joins the templates."""
        if BLOCK_CONTEXT_KEY in context.render_context:
            return super().render(context)
        return self.nodelist.render(context)


FRAGMENTS = 1024
_fragments: dict[tuple[Any, ...], list[str]] = {}


class Remembered(Node):
    """A template that depends on the language and ``keys`` (hashable) alone: rendered once in a process.

    But for ``places``: it may show these values, and do nothing else with them; they are filled in each time. A key
    that is None says that this one is not likely to be asked for again: it is rendered, and not kept.
    """

    child_nodelists = ()
    language: str | None = None  # that of the page, where the loader knows it

    def __init__(self, name: str, keys: list[FilterExpression], places: dict[str, FilterExpression]) -> None:
        self.name, self.keys, self.places = name, keys, places

    def render(self, context: Context) -> str:
        """Fill in what is remembered."""
        keys = [key.resolve(context) for key in self.keys]
        if None in keys:
            with context.push(**{place: value.resolve(context) for place, value in self.places.items()}):
                return parsed(self.name).render(context)
        parts = fragment(context, self.name, self.language, keys, self.places)
        if len(parts) == 1:
            return parts[0]
        filled = {place: shown(value.resolve(context), context) for place, value in self.places.items()}
        return "".join([filled[part] if n % 2 else part for n, part in enumerate(parts)])


def parsed(name: str) -> Template:
    """A template by its file, to be rendered in the context of a page, which Django's own wrapper does not take."""
    return get_template(name).template  # type: ignore[attr-defined, no-any-return]  # Django's engine is the only one


def fragment(
    context: Context, name: str, language: str | None, keys: Iterable[Any], places: Iterable[str] = ()
) -> list[str]:
    """A template in parts: text, the name of a place, text …"""
    key = (name, language or get_language(), *keys)
    parts = _fragments.get(key)
    if parts is None:
        if len(_fragments) >= FRAGMENTS:
            _fragments.clear()
        with context.push(**{place: Place(f"\0{place}\0") for place in places}):
            text = parsed(name).render(context)
        parts = _fragments[key] = text.split("\0")
    return parts


class Included(Node):
    """An ``include`` of a template by its name, which is looked up once in the language of the page."""

    child_nodelists = ()

    def __init__(self, node: IncludeNode, name: str) -> None:
        self.name, self.extra = name, node.extra_context
        self.part: Any = None  # the template, or just its nodes where they keep nothing from one to the next

    def render(self, context: Context) -> str:
        """As the tag itself."""
        if self.part is None:
            template = parsed(self.name)
            self.part = template if template.nodelist.get_nodes_by_type(KEEPING) else template.nodelist
        dicts = context.dicts
        dicts.append({name: value.resolve(context) for name, value in self.extra.items()})
        try:
            return self.part.render(context)  # type: ignore[no-any-return]
        finally:
            dicts.pop()


def _resolved(value: FilterExpression | Variable, context: Context) -> Any:
    try:
        return value.resolve(context)
    except VariableDoesNotExist:
        return ""


def shown(value: Any, context: Context) -> str:
    """A value as the page shows it."""
    kind = type(value)
    if kind is SafeString:
        return value  # type: ignore[no-any-return]
    if kind is str and context.autoescape:
        return escape(value)
    if kind is int or kind is UUID:  # in neither language is anything put between its digits
        return str(value)
    if kind is dt.datetime and value.tzinfo is not None and context.use_tz is not False:
        local = value.astimezone(timezone.get_current_timezone())
        return _minute(local.replace(second=0, microsecond=0, tzinfo=None), get_language())
    return render_value_in_context(value, context)


@lru_cache(maxsize=1024)  # a page names a minute several times
def _minute(local: dt.datetime, _language: str | None) -> str:
    return escape(localize(local))
