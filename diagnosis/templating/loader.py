"""Templates that are written out once for each language, as far as they say the same on every page.

Words looked up in the catalogue, addresses, names of static files, icons: half of what a template did was the same for
every request. When a template is loaded, ``{% translate "History" %}``, ``{% url 'studies' %}``, ``{% static "x" %}``
and the tags marked by :func:`constant` become text here, where all that they are given are literals and their result
gets no name. Who keeps a template keeps it in the language it was loaded in (crispy forms does, whose templates have no
words). The address of a study (``{% url 'study_image' study.pk %}``) is looked up once, with a place for its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from django.template import Context, Node, Template
from django.template.base import FilterExpression, NodeList, TextNode, VariableNode
from django.template.defaulttags import AutoEscapeControlNode, CommentNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, LanguageNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext

from diagnosis.templating.nodes import AddressOfOne, Block, Included, Remembered, Sentence, Settled, Value, quicken

Tag = TypeVar("Tag", bound=Callable[..., Any])
PLACE = UUID(int=0)  # stands for any key in an address


def constant(tag: Tag) -> Tag:
    """Mark a simple tag's function: in one language it gives the same for the same arguments, whoever asks."""
    tag.is_constant = True  # type: ignore[attr-defined]
    return tag


class WritingLoader(base.Loader):
    """What the cached loader asks for a template that it does not have."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        """As Django's, written out before any other thread sees it; not with DEBUG, which says where an error was."""
        if self.engine.debug:
            return super().get_template(template_name, skip)
        template = self.whole(template_name, skip)
        write_out(template.nodelist)
        return template

    def whole(self, template_name: str, skip: Any = None) -> Template:
        """A template with the nodes of the one that it extends, and its own blocks in them.

        One that extends its namesake, or shows a block's former content too, is left to Django.
        """
        template: Template = super().get_template(template_name, skip)
        extends = _extends(template)
        if extends is None or not _is_literal(extends.parent_name) or "block.super" in template.source:
            return template
        name = extends.parent_name.resolve(Context())
        if name == template_name or _extends(parent := self.whole(name)):
            return template
        blocks: list[Any] = parent.nodelist.get_nodes_by_type(BlockNode)
        for block in blocks:
            if block.name in extends.blocks:
                block.nodelist = extends.blocks[block.name].nodelist
        template.nodelist = parent.nodelist
        return template


def _extends(template: Template) -> Any:
    first = next((node for node in template.nodelist if not isinstance(node, TextNode)), None)
    return first if isinstance(first, ExtendsNode) else None


class LanguageLoader(cached.Loader, WritingLoader):
    """Django's cached loader, with a copy of each template for each language."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        """As Django's, and the language."""
        return f"{get_language()} {super().cache_key(template_name, skip)}"


def write_out(nodes: NodeList) -> None:
    """Put text in the place of every node here and below that gives the same on every page, in the active language."""
    written = [_written(node) for node in nodes]
    for node, before in zip(written, nodes, strict=True):
        node.token, node.origin = before.token, before.origin  # for who looks for a mistake
        for below in _below(node):
            write_out(below)
    nodes.clear()
    for node in written:
        if isinstance(node, TextNode) and nodes and isinstance(nodes[-1], TextNode):
            nodes[-1] = TextNode(nodes[-1].s + node.s)
        else:
            nodes.append(node)
    nodes.__class__ = Settled


def _written(node: Any) -> Any:
    if isinstance(node, CommentNode | LoadNode):
        return TextNode("")
    quicken(vars(node))
    if type(node) is BlockNode:
        node.__class__ = Block
    if isinstance(node, Remembered):
        node.language = get_language()
    if isinstance(node, IncludeNode) and _is_literal(node.template) and not node.isolated_context:
        return Included(node, node.template.resolve(Context()))
    if type(node) is VariableNode:
        return Value(node.filter_expression)
    try:
        if isinstance(node, BlockTranslateNode) and not (node.plural or node.asvar or node.message_context):
            source, names = node.render_token_list(node.singular)
            gettext(source) % dict.fromkeys(names, "")
            return Sentence(node, gettext(source), names)
        if _is_constant(node):
            return TextNode(node.render(Context()))
        if isinstance(node, URLNode) and _is_plain(node) and len(node.args) == 1:
            address = reverse(node.view_name.resolve(Context()), args=[PLACE])
            return AddressOfOne(node, *address.split(str(PLACE)))
    except NoReverseMatch:  # in a branch that is perhaps never reached, or of something that no UUID names
        pass
    except (KeyError, ValueError):  # a translation that names what is not there: the tag itself knows what to do
        pass
    return node


def _is_constant(node: Any) -> bool:
    if isinstance(node, TranslateNode):
        return not node.asvar and not node.message_context and _is_literal(node.filter_expression)
    if isinstance(node, StaticNode):
        return not node.varname and _is_literal(node.path)
    if isinstance(node, URLNode):
        return _is_plain(node) and not node.args
    if isinstance(node, SimpleNode) and getattr(node.func, "is_constant", False):
        return not node.target_var and all(map(_is_literal, [*node.args, *node.kwargs.values()]))
    return False


def _is_plain(node: URLNode) -> bool:
    # A namespace is left alone: which of its instances is meant depends on the page.
    return not node.asvar and not node.kwargs and _is_literal(node.view_name) and ":" not in node.view_name.token


def _is_literal(given: FilterExpression) -> bool:
    return not given.filters and (not given.is_var or given.var.lookups is None)


def _below(node: Node) -> Iterator[NodeList]:
    """The lists of nodes in this one that are in the page's own language and escaped."""
    if isinstance(node, LanguageNode | AutoEscapeControlNode):
        return
    if isinstance(node, IfNode):
        yield from (nodes for _condition, nodes in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        nodes = getattr(node, name, None)
        if isinstance(nodes, NodeList):
            yield nodes
