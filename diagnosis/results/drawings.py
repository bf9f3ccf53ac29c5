"""The drawings of a model card in the reader's language and the page's colours.

``ml`` draws them once, in English upon white paper. Here each one's words go through gettext, its numbers are written
as the language writes them, and its colours become the page's own, so that it follows the theme. A colour or a word
that is not known stays as it was drawn.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop

from diagnosis.results.card_sentences import as_radiographs
from diagnosis.results.exam_labels import CHANGES

SVG = "http://www.w3.org/2000/svg"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
LETTER = 0.58
"""About how wide a letter is, as a share of its height."""
COLOURS = {  # ml/evaluation/svg.py has these; each is a pair of colours in static/css/pneumoweb.css
    "#14232a": "var(--pw-ink)",
    "#465d67": "var(--pw-ink-2)",
    "#d2dcdf": "var(--pw-line)",
    "#b4480f": "var(--pw-pneumonia)",
    "#0a5596": "var(--pw-normal)",
    "#0b5c68": "var(--pw-primary)",
    "#8a5a00": "var(--pw-warn)",
    "#ffffff": "var(--pw-surface)",
}
WORDS = (
    gettext_noop("Sensitivity against false alarms (ROC)"),
    gettext_noop("Precision against sensitivity"),
    gettext_noop("What a probability is worth"),
    gettext_noop("What each operating point does to these radiographs"),
    gettext_noop("Probabilities by true class"),
    gettext_noop("When radiographs look different"),
    gettext_noop("Learning"),
    gettext_noop("%s radiographs of %s patients outside training"),
    gettext_noop("%s radiographs of %s patients outside training; root scale"),
    gettext_noop("%s radiographs, weighted to a prevalence of %s %%; bars: %s %% by patient"),
    gettext_noop("%s epochs; averaged weights are what is validated"),
    gettext_noop("%s networks, %s epochs; averaged weights are what is validated"),
    gettext_noop("AUC on the same radiographs, changed on purpose; larger dots: stronger"),
    gettext_noop("ROC curve; area %s on plain radiographs."),
    gettext_noop("Precision-recall curve."),
    gettext_noop("Reliability diagram."),
    gettext_noop("Truth against finding."),
    gettext_noop("Histogram of probabilities."),
    gettext_noop("Robustness."),
    gettext_noop("Learning curves."),
    gettext_noop("false alarms (%s − specificity)"),
    gettext_noop("sensitivity"),
    gettext_noop("sensitivity (recall)"),
    gettext_noop("precision"),
    gettext_noop("share with pneumonia"),
    gettext_noop("share of the class"),
    gettext_noop("calibrated probability of pneumonia"),
    gettext_noop("epoch"),
    gettext_noop("loss"),
    gettext_noop("radiographs as they are"),
    gettext_noop("as another site might send them"),
    gettext_noop("radiographs as they are: AUC %s"),
    gettext_noop("as another site might send them: AUC %s"),
    gettext_noop("radiographs as they are: average precision %s"),
    gettext_noop("as another site might send them: average precision %s"),
    gettext_noop("radiographs as they are: expected error %s %%"),
    gettext_noop("as another site might send them: expected error %s %%"),
    gettext_noop("calling every radiograph pneumonia: %s %%"),
    gettext_noop("in each bin: radiographs as they are"),
    gettext_noop("in each bin: as another site might send them"),
    gettext_noop("training, augmented"),
    gettext_noop("below %s %% · from %s %%"),
    gettext_noop("normal"),
    gettext_noop("indeterm."),
    gettext_noop("pneumonia"),
    gettext_noop("with pneumonia"),
    gettext_noop("without"),
    gettext_noop("▲ with pneumonia"),
    gettext_noop("▼ without"),
    gettext_noop("grey bars: indeterminate"),
    gettext_noop("unchanged"),
    gettext_noop("Screening"),
    gettext_noop("Balanced"),
    gettext_noop("Rule-in"),
)


def drawing(file: Path, *, paper: bool = False) -> SafeString:
    """One drawing as SVG in the present language.

    Args:
        file: An SVG file of a published network.
        paper: Whether it keeps the colours it was drawn with: for a document of its own, which has no theme.
    """
    return _drawing(file, file.stat().st_mtime_ns, get_language() or "en", paper)


@lru_cache(maxsize=64)
def _drawing(file: Path, _changed: int, _language: str, paper: bool) -> SafeString:
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314  (a file of ours)
    beyond = 0  # how far words longer than the drawn ones reach over the left edge
    for element in root.iter():
        if element.text and element.text.strip():
            element.text = in_words(element.text)
            if element.get("text-anchor") == "end":
                reach = LETTER * float(element.get("font-size", 12)) * len(element.text) - float(element.get("x", 0))
                beyond = max(beyond, round(reach))
        for attribute in () if paper else ("fill", "stroke"):
            if (colour := element.get(attribute)) in COLOURS:
                element.set(attribute, COLOURS[colour])
    if beyond:
        _, top, width, height = map(float, root.get("viewBox", "0 0 640 480").split())
        root.set("viewBox", f"{-beyond:g} {top:g} {width + beyond:g} {height:g}")
    # It lies beside the network and comes from the same hands; the page's CSP lets no drawing act.
    return mark_safe(ElementTree.tostring(root, encoding="unicode"))  # noqa: S308


def in_words(text: str) -> str:
    """A text of a drawing in the present language: the name of a change, or a sentence with numbers in it."""
    if text in CHANGES:
        return str(CHANGES[text])
    text = as_radiographs(
        text.replace("films in each bin, ", "in each bin: ")
    )  # a card hashes its drawings as they are
    pattern = NUMBER.sub("%s", text.replace("%", "%%"))
    numbers = tuple(number_format(number) for number in NUMBER.findall(text))
    translated = gettext(pattern) if any(map(str.isalpha, pattern.replace("%s", ""))) else pattern
    return translated % numbers
