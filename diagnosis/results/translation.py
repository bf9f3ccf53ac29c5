"""What ``ml`` says to people, in their language.

``ml`` knows no Django: it speaks English, and that is what is stored with a study. Here its sentences are marked for
translation, word for word; a test compares them with ``ml``. What is not known here is shown as it was said.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext, gettext_noop

from ml import CodedError

SENTENCES = (
    # The input gate, and what travels with a result
    gettext_noop("This does not look like a radiograph."),
    gettext_noop(
        "Submit the original film of a chest, not a photograph, a drawing, a screenshot or a slice of a CT or MR."
    ),
    gettext_noop("This looks like a radiograph of another part of the body."),
    gettext_noop("Submit a frontal film of the chest."),
    gettext_noop("This looks like a lateral or oblique view."),
    gettext_noop("The model knows frontal films (PA or AP) alone; submit that one."),
    gettext_noop("Only a part of a chest film is to be seen."),
    gettext_noop("Submit the whole film with both lungs on it."),
    gettext_noop("There seem to be several pictures in one."),
    gettext_noop("Submit each film as a file of its own."),
    gettext_noop("This could not be recognised as a frontal chest film."),
    gettext_noop("If it is one, submit the original export, upright and without writing or frames around it."),
    gettext_noop("The film seems to be turned, but not clearly enough to put it right."),
    gettext_noop("Turn it upright and submit it again."),
    gettext_noop("The film seems to be inverted (bones dark), but not clearly enough to put it right."),
    gettext_noop("Export it with bones white and submit it again."),
    gettext_noop("There is almost no contrast in this picture: it is nearly all one shade."),
    gettext_noop("Export the film again with an ordinary window."),
    gettext_noop("The picture has too few pixels to judge."),
    gettext_noop("Submit the film in its original size."),
    gettext_noop("Its answer does not hold for this patient; do not rely on it."),
    gettext_noop("This looks like the film of an older child or an adult, or like one from another kind of machine."),
    gettext_noop(
        "The model was trained on films of children aged 1 to 5 from one hospital; do not rely on its answer here."
    ),
    gettext_noop("This film differs from the films the model was trained on."),
    gettext_noop(
        "Its probability and its heat map may be worth less than the stated figures; judge the film yourself."
    ),
    gettext_noop("The film was inverted (bones dark); the model was shown it with black and white exchanged."),
    gettext_noop("Check that this is right."),
    gettext_noop("The film lay on its side or stood on its head; the model was shown it upright."),
    gettext_noop("Check that this is right; the film is shown as it was submitted."),
    # Intake
    gettext_noop("The file is empty."),
    gettext_noop("The file holds nothing but zeros."),
    gettext_noop("The file is damaged and cannot be decoded."),
    gettext_noop("Export the film again and submit the new file."),
    gettext_noop("Export the film at a smaller size, or compressed."),
    gettext_noop("Export the film as JPEG or PNG, or with compression."),
    gettext_noop("Export the film as DICOM, PNG or JPEG and submit that file."),
    gettext_noop("Submit the film itself, one file for each, as DICOM, PNG or JPEG."),
    gettext_noop("Unpack it and submit the films it holds."),
    gettext_noop("This is not a kind of file that holds a radiograph."),
    gettext_noop("Lossless JPEG is read inside DICOM only."),
    gettext_noop("This TIFF file is damaged, or stored in a way that is not read here."),
    gettext_noop("Export the film as DICOM, PNG or ordinary JPEG."),
    gettext_noop("This is an animated picture."),
    gettext_noop("Submit one still film, as DICOM, PNG or JPEG."),
    gettext_noop("Submit one file for each film."),
    gettext_noop("The picture has more pixels than a radiograph."),
    gettext_noop("Export the film at the detector's own size, or smaller."),
    gettext_noop("Submit the film at full size, not a preview or a thumbnail of it."),
    gettext_noop("Submit the whole film, not a part of it."),
    gettext_noop("The picture is almost entirely black."),
    gettext_noop("The picture is almost entirely white."),
    gettext_noop("The picture has almost no contrast."),
    gettext_noop("Check the window (brightness and contrast) with which the film was exported."),
    gettext_noop("The picture's numbers have no known scale of grey."),
    gettext_noop("Export the film as DICOM, or as PNG with 8 or 16 bit."),
    gettext_noop("This is a colour picture; a radiograph is grey."),
    gettext_noop("Submit the film itself rather than a photograph or a coloured rendering of it."),
    gettext_noop("Reading this file took too long."),
    gettext_noop("Export the film again without compression, or as PNG, and submit the new file."),
    gettext_noop("There seems to be writing in the margin of this film."),
    gettext_noop("The file says that text is written into the picture."),
    gettext_noop("Check that it names nobody before you share or keep it."),
    # DICOM
    gettext_noop("The pixels of this DICOM file have neither 8 nor 16 bits."),
    gettext_noop("Export the film with 8 or 16 bits per pixel."),
    gettext_noop("The file says that this film is stored turned or mirrored; it is shown as stored."),
    gettext_noop("Check that the head is at the top and the patient's right side at the left."),
    gettext_noop("The file contradicts itself on whether bright or dark stands for bone."),
    gettext_noop("The file does not say whether bright or dark stands for bone."),
    gettext_noop("Check that bones look bright."),
    gettext_noop("This DICOM file holds the detector's raw data, not the film as it is looked at."),
    gettext_noop("Submit the image “for presentation” of the same exposure."),
    gettext_noop("This DICOM file holds no image."),
    gettext_noop("Export the film again, with its pixel data."),
    gettext_noop("Submit one single film, one file for each."),
    gettext_noop("Submit the radiograph itself: an object of kind CR, DX or RG."),
    gettext_noop("This DICOM file is compressed in a way that is not read here."),
    gettext_noop("Export it uncompressed, or compressed as JPEG, JPEG-LS, JPEG 2000 or RLE."),
)
# The words of the model card (ml/publishing/card_text.py)
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
    # xgettext:no-python-format
    gettext_noop(
        "Trained and measured on one hospital's films. Published networks for this data reach about 97 % on "
        "films of the same source and 85 to 95 % on the official test films, mostly through false alarms; "
        "expect less than the figures here at another site, and have it measured there before you rely on it."
    ),
    gettext_noop(
        "Not for adults or older children: networks trained on these films hardly do better than chance on "
        "adults' films."
    ),
    # The cards of models published before said these two like this.
    # xgettext:no-python-format
    gettext_noop(
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
    # The cards of models published before said it like this; it would fit the sentence above too, so it comes after it.
    gettext_noop(
        "The heat map shows which places raised the answer. It is coarse, it is no outline of disease, and a cold map "
        "is no sign of health. On the test films %s of the heat lies over lungs and mediastinum (spread evenly it "
        "would be %s), and in %s of them the hottest place lies elsewhere: the network also goes by what is outside "
        "the lungs."
    ),
    gettext_noop(
        "Not for adults or older children: on %s adults' films, %s of them labelled pneumonia, its AUC is %s (0.50 is "
        "chance), and it calls %s of the others pneumonia."
    ),
    gettext_noop("The file is larger than %s MB."),
    gettext_noop("The file has %s MB; at most %s MB are taken."),
    gettext_noop("The picture is only %s × %s pixels."),
    gettext_noop("The picture is a strip of %s × %s pixels."),
    gettext_noop("The file is damaged: %s."),
    gettext_noop("Pictures in the %s format are not read."),
    gettext_noop("This file is %s, not a radiograph."),
    gettext_noop("This DICOM file is %s, not a radiograph."),
    gettext_noop("This DICOM file holds %s images."),
    gettext_noop("This file holds %s."),
    gettext_noop("The header gives an age of %s years; the model was trained on children aged 1 to 5 years."),
    gettext_noop("The header gives an age of %s months; the model was trained on children aged 1 to 5 years."),
)
# What stands for %s above, where it is a word.
PARTS = (
    gettext_noop("it is made of too many parts"),
    gettext_noop("it ends before its picture begins"),
    gettext_noop("its PNG header makes no sense"),
    gettext_noop("its JPEG structure is broken"),
    gettext_noop("it holds no picture"),
    gettext_noop("a CT image"),
    gettext_noop("an MR image"),
    gettext_noop("an ultrasound image"),
    gettext_noop("a PET image"),
    gettext_noop("a nuclear medicine image"),
    gettext_noop("a mammogram"),
    gettext_noop("an angiogram"),
    gettext_noop("a fluoroscopy image"),
    gettext_noop("a dental radiograph"),
    gettext_noop("an endoscopy picture"),
    gettext_noop("a photograph"),
    gettext_noop("a microscope image"),
    gettext_noop("a picture of the eye"),
    gettext_noop("a structured report"),
    gettext_noop("a segmentation"),
    gettext_noop("a presentation state"),
    gettext_noop("a document"),
    gettext_noop("a radiotherapy image"),
    gettext_noop("a radiotherapy dose"),
    gettext_noop("a radiotherapy structure set"),
    gettext_noop("a radiotherapy plan"),
    gettext_noop("an electrocardiogram"),
    gettext_noop("a bone density measurement"),
    gettext_noop("a PDF document"),
    gettext_noop("a fluoroscopy series"),
    gettext_noop("a tomosynthesis series"),
    gettext_noop("a rotational X-ray series"),
    gettext_noop("an ultrasound series"),
    gettext_noop("a radiotherapy object"),
    gettext_noop("a registration or raw data object"),
    gettext_noop("a parameter map"),
    gettext_noop("a surface"),
    gettext_noop("a photograph or microscope image"),
    gettext_noop("an eye measurement"),
    gettext_noop("a curve or waveform"),
    gettext_noop("a black-and-white scan"),
    gettext_noop("a map"),
    gettext_noop("a DICOMDIR, the table of contents of a disc"),
    gettext_noop("an object of another kind"),
    gettext_noop("a map of measured numbers"),
    gettext_noop("its picture has another size than its header declares"),
    gettext_noop("its picture is coded otherwise than its header declares"),
    gettext_noop("it holds fewer pixels than it declares"),
    gettext_noop("several pages"),
    gettext_noop("several pictures"),
    gettext_noop("it declares no size"),
    gettext_noop("it ends too early"),
    gettext_noop("a text document"),
    gettext_noop("a ZIP archive or an office document"),
    gettext_noop("an empty ZIP archive"),
    gettext_noop("a compressed archive"),
    gettext_noop("an archive"),
    gettext_noop("an office document"),
    gettext_noop("a PostScript document"),
    gettext_noop("a program"),
    gettext_noop("a database"),
    gettext_noop("a video"),
    gettext_noop("a sound or a video"),
    gettext_noop("a sound"),
    gettext_noop("a vector drawing (SVG)"),
    gettext_noop("a web page"),
    gettext_noop("an XML document"),
    gettext_noop("a text file"),
)


@cache
def _matchers() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(re.escape(text).replace("%s", "(.+)")), text) for text in PATTERNS)


def said(text: str) -> str:
    """A sentence of ``ml`` in the reader's language; as it is where that is English, or where it is not known."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    translated = gettext(text)
    if translated != text:
        return translated
    for matcher, pattern in _matchers():
        if found := matcher.fullmatch(text):
            return gettext(pattern) % tuple(gettext(part) for part in found.groups())
    return text


def said_error(error: CodedError | None) -> str:
    """Message and advice of a refusal, in the reader's language; nothing for none."""
    if error is None:
        return ""
    named = {name: said(value) if isinstance(value, str) else value for name, value in error.parameters.items()}
    return " ".join(said(part) % named if named else said(part) for part in (error.message, error.advice) if part)
