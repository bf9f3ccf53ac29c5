"""The finished English sentences of model cards, in the reader's language.

Cards keep their sentences with the figures in them, and cards that were published stay as they are; so these are found
by their words. Everything else that ``ml`` reports comes as template and parameters (``results/translation.py``).
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, gettext_noop

NUMBER = re.compile(r"\d+\.\d+")
FILM = re.compile(r"\b([Ff])ilm(s?)\b")
CARD = (
    gettext_noop("PneumoWeb paediatric pneumonia classifier"),
    gettext_noop(
        "Frontal chest radiographs of children aged 1 to 5 years, taken in routine care at one hospital, "
        "Guangzhou Women and Children's Medical Center (Kermany, Zhang, Goldbaum, Mendeley Data 2018, CC BY "
        "4.0)."
    ),
    gettext_noop(
        "Teaching, research, and showing how such a model behaves: it ranks frontal chest films of children "
        "aged 1 to 5 by how much they look like the films of children with pneumonia. It may bring a film to "
        "a person's attention sooner; it does not replace that person, is not a medical device, and no "
        "decision about a patient may rest on it."
    ),
    gettext_noop(
        "Teaching, research and a second look: it says how much a frontal chest radiograph of a child aged 1 to 5 "
        "looks like the radiographs of children with pneumonia. It is not for triage and not for diagnosis, it is not "
        "a medical device, and no decision about a patient may rest on it."
    ),
    gettext_noop("PneumoWeb pneumonia classifiers"),
    gettext_noop("PneumoWeb adult pneumonia classifier"),
    gettext_noop(
        "Frontal chest radiographs of adults, at the bedside and standing, read study by study by radiologists as "
        "typical, indeterminate or atypical for COVID-19 pneumonia or as negative for pneumonia; hospitals of "
        "BIMCV-COVID19 (Valencia) and MIDRC-RICORD, as gathered for the SIIM-FISABIO-RSNA COVID-19 Detection challenge "
        "2021. Non-commercial research terms (RICORD: CC BY-NC 4.0)."
    ),
    gettext_noop(
        "Teaching, research and a second look, for non-commercial use: it ranks frontal chest radiographs of adults by "
        "how much they look like those that radiologists read as pneumonia. It does not replace a reader, is not a "
        "medical device, and no decision about a patient may rest on it."
    ),
    gettext_noop(
        "Trained on films under non-commercial terms (RICORD: CC BY-NC 4.0; BIMCV-COVID19 and SIIM-FISABIO-RSNA 2021: "
        "non-commercial research). Whoever needs other terms must not use this network; the one for children is apart "
        "from it."
    ),
    gettext_noop(
        "Learnt from the years of COVID-19: its positives are nearly all COVID-19 pneumonia. What it makes of other "
        "pneumonia, lobar pneumonia among it, was not measured."
    ),
    gettext_noop(
        "It knows two answers. A film with another disease (heart failure, effusion, cancer, tuberculosis) gets one of "
        "them all the same."
    ),
    gettext_noop(
        "The reference is what radiologists read from the same film, not a proven cause; a film negative for pneumonia "
        "may show other disease."
    ),
    gettext_noop(
        "A lung wholly white with consolidation or effusion may in part not be taken for lung, and what is not taken "
        "for lung does not count."
    ),
    gettext_noop(
        "Age, sex and origin of the patients are not known, so differences between groups could not be measured."
    ),
    gettext_noop("One training run with one seed."),
    gettext_noop(
        "Teaching, research and a second look: it says how much a frontal chest radiograph looks like those of "
        "patients with pneumonia, by one network for children aged 1 to 5 and by another for adults. It is not for "
        "triage and not for diagnosis, it is not a medical device, and no decision about a patient may rest on it. The "
        "network for adults is for non-commercial use."
    ),
    gettext_noop(
        "The calibrated probability assumes that half of the films show pneumonia; where it is rarer, the chance is "
        "lower."
    ),
    gettext_noop(
        "Frontal films only, the whole film as exported; lateral views, photographs of films, crops and "
        "collages are refused as far as the image check recognises them."
    ),
    gettext_noop(
        "Sex, origin, weight, prematurity and illness of the children are not known, so differences between such "
        "groups could not be measured."
    ),
    gettext_noop(
        # xgettext:no-python-format
        "Trained and measured on one hospital's films. Published networks for this data reach about 97 % on "
        "films of the same source and 85 to 95 % on the official test films, mostly through false alarms; "
        "expect less than the figures here at another site, and have it measured there before you rely on it."
    ),
    gettext_noop(
        "Not for adults or older children: networks trained on these films hardly do better than chance on "
        "adults' films."
    ),
    # The cards of models published before have these two like this.
    gettext_noop(
        # xgettext:no-python-format
        "Trained and measured on one hospital's films. Published networks for this data reach about 97 % on "
        "films of the same source and 85 to 95 % on the official test films, mostly through false alarms; "
        "expect less than the figures here at another site, and measure before you rely on it (python -m "
        "ml.evaluate)."
    ),
    gettext_noop(
        "Not for adults or older children: on 300 adults' films (NIH ChestX-ray14, half of them labelled "
        "pneumonia) version 2026.11.3 had an AUC of 0.46 [0.39, 0.52], no better than chance, and found "
        "pneumonia in nine of ten films labelled as having no finding."
    ),
    gettext_noop(
        "It knows two answers, pneumonia and normal. A film with another disease (effusion, pneumothorax, "
        "tuberculosis, heart failure, a foreign body) gets one of them all the same."
    ),
    gettext_noop(
        "The labels are readers' impressions of the films, not proven causes; it cannot tell bacterial from "
        "viral pneumonia, and it cannot exclude pneumonia in a child who is ill."
    ),
    gettext_noop("Measured on small copies of the films, not on films at full size, as hospitals send them."),
    gettext_noop(
        "Measured on small copies of the films. At full size, as hospitals send them, it is less sure of normal "
        "ones: of 24, most of them known from training, 17 were called normal at the balanced operating point, 6 "
        "were left indeterminate and 1 was called pneumonia; of their small copies 22 were called normal. It "
        "still ranked every one of them below the films with pneumonia."
    ),
    gettext_noop(
        "The probability assumes that half of the films judged show pneumonia; where it is rarer, the chance is lower."
    ),
    gettext_noop(
        "Frontal films only, the whole film as exported; lateral views, photographs of films, crops and "
        "collages are refused as far as the input gate recognises them."
    ),
    gettext_noop(
        "The heat map shows which places raised the answer. It is coarse, it is no outline of disease, and a "
        "cold map is no sign of health."
    ),
    gettext_noop(
        "Sex, origin, weight, prematurity and illness of the children are not known, so fairness across "
        "groups could not be measured."
    ),
)
PATTERNS = (
    gettext_noop(
        "Two seeds were trained, and the mean of their weights is served; on the %s validation films their AUC is %s "
        "and %s, that of the mean %s."
    ),
    gettext_noop(
        "Three seeds were trained, and the first is served; on the %s validation films their AUC is %s, %s and %s."
    ),
    gettext_noop(
        "It ranks adults less well than the network for children ranks children: on %s test films of %s studies its "
        "AUC is %s; for films of typical appearance %s, of indeterminate %s, of atypical %s."
    ),
    gettext_noop(
        "It looks at a crop to the lungs, but where they are found depends a little on the background: on the test "
        "films its AUC is %s; with each chest on the background of a film of the other class it is %s, and on the "
        "background alone, the chest taken out, %s (0.5 is chance)."
    ),
    gettext_noop(
        "It goes by the lungs alone, but where they are found depends a little on the background: on the test films "
        "its AUC is %s; with each chest on the background of a film of the other class it is %s, and on the background "
        "alone, the chest taken out, %s (0.5 is chance)."
    ),
    gettext_noop(
        "At the prevalence it assumes, the probabilities are off by %s on average on the test films (expected "
        "calibration error); so few films would give %s by chance if every probability were right."
    ),
    gettext_noop(
        "Not for children: on %s films of children aged 1 to 5 from a hospital it never saw its AUC is %s, less than "
        "that of the network for children."
    ),
    gettext_noop(
        "Not for children: on %s films of children aged 1 to 5 whom it never saw, of the hospital whose films its "
        "first weights come from, its AUC is %s, less than that of the network for children."
    ),
    gettext_noop(
        "The heat map shows at which places in the lungs the answer was raised; what raised it may lie elsewhere, "
        "since each place sees most of the crop. It is coarse, it is no outline of disease, and a cold map is no sign "
        "of health. Where one sixth of normal lungs was exchanged for that of a film with pneumonia and this raised "
        "the answer (%s times), the hottest place lay in that sixth in %s (by chance %s). On %s films with lungs drawn "
        "by people %s of the heat lies inside them (spread evenly it would be %s), and the hottest place in %s."
    ),
    gettext_noop(
        "The heat map shows which places in the lungs raised the answer; outside them nothing counts, by construction. "
        "It is coarse, it is no outline of disease, and a cold map is no sign of health. On %s films with lungs drawn "
        "by people %s of the heat lies inside them (spread evenly it would be %s), and the hottest place in %s."
    ),
    gettext_noop(
        "It also goes by the background (arms, belly, framing), which in these films tells the classes apart. On the "
        "test films its AUC is %s; with each chest on the background of a film of the other class it is %s, and on "
        "the background alone, the chest taken out, %s (0.5 is chance)."
    ),
    gettext_noop(
        "It also goes by what lies around the lungs in that crop, and by their outline: on the test films its AUC is "
        "%s with one grey in place of all but the lungs, and %s with one grey in place of the lungs (0.5 is chance)."
    ),
    gettext_noop(
        "Films are made square before the network sees them, so a chest becomes narrower the wider its film was, and "
        "among the training films those with pneumonia were the wider ones. With the normal test films alone made a "
        "tenth narrower its AUC is %s in place of %s, and at the balanced operating point it calls %s of them normal "
        "in place of %s: expect more false alarms where normal films are framed widely."
    ),
    gettext_noop(
        "Not for adults or older children: on %s adults' films from other hospitals, read by radiologists, %s of them "
        "with pneumonia, its AUC is %s (0.50 is chance), and at the balanced operating point it would call %s of those "
        "without pneumonia pneumonia. So adults get no answer."
    ),
    gettext_noop(
        "Not for adults or older children: on %s adults' films from other hospitals, read by radiologists, %s of them "
        "with pneumonia, its AUC is %s (0.50 is chance), and at the balanced operating point it would call %s of those "
        "without pneumonia pneumonia. So this network answers for no adult."
    ),
    gettext_noop(
        "It also goes by what is outside the chest (arms, belly, framing), which in these films tells the classes "
        "apart. On the test films its AUC is %s; with each chest in the surroundings of a film of the other class it "
        "is %s, and on surroundings whose chest was taken out %s (0.5 is chance)."
    ),
    gettext_noop(
        "Films are made square before the network sees them, so a chest looks narrower the wider its film was, and "
        "among the films it learnt from those with pneumonia were the wider ones. With the normal test films alone "
        "shown a tenth narrower its AUC is %s in place of %s, and its specificity at the balanced operating point %s "
        "in place of %s: expect more false alarms where normal films are framed widely."
    ),
    gettext_noop(
        "The heat map shows which places raised the answer. It is coarse, it is no outline of disease, and a cold map "
        "is no sign of health. On the test films with pneumonia that it found, %s of the heat lies over lungs and "
        "mediastinum (spread evenly it would be %s), and in %s of them the hottest place lies elsewhere: the network "
        "also goes by what is outside the lungs."
    ),
    # The cards of models published before have it like this; it would fit the sentence above too, so it comes after it.
    gettext_noop(
        "The heat map shows which places raised the answer. It is coarse, it is no outline of disease, and a cold map "
        "is no sign of health. On the test films %s of the heat lies over lungs and mediastinum (spread evenly it "
        "would be %s), and in %s of them the hottest place lies elsewhere: the network also goes by what is outside "
        "the lungs."
    ),
    gettext_noop(
        "Measured on small copies of the films, not on films at full size, as hospitals send them. Of %s normal ones "
        "at full size the network calls %s normal at the balanced operating point, leaves %s indeterminate and calls "
        "%s pneumonia (of their small copies it calls %s normal); of %s with pneumonia it calls %s pneumonia (of their "
        "small copies %s). It was trained on %s of these %s films."
    ),
    gettext_noop(
        "Not for adults or older children: on %s adults' films, %s of them labelled pneumonia, its AUC is %s (0.50 is "
        "chance), and it calls %s of the others pneumonia."
    ),
)


@cache
def _matchers() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(re.escape(text).replace("%s", "(.+)")), text) for text in PATTERNS)


def as_radiographs(text: str) -> str:
    """Pages say radiograph; what is kept of earlier cards says film."""
    return FILM.sub(lambda found: f"{'R' if found[1] == 'F' else 'r'}adiograph{found[2]}", text)


def translate_card(text: str) -> str:
    """A sentence of a model card in the reader's language; as it is where that is English, or where it is not known."""
    if not text or (get_language() or "en").startswith("en"):
        return as_radiographs(text)
    translated = gettext(text)
    if translated != text:
        return translated
    for matcher, pattern in _matchers():
        if found := matcher.fullmatch(text):
            return gettext(pattern) % tuple(NUMBER.sub(lambda n: number_format(n[0]), part) for part in found.groups())
    return text
