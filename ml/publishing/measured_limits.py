"""Limits of a model as sentences of its card, with the figures that were measured of them."""

from __future__ import annotations

from typing import Any


def full_size_limit(found: dict[str, Any] | None) -> str:
    """On what size of films it was measured, and what becomes of films at full size, where that was."""
    limit = "Measured on small copies of the films, not on films at full size, as hospitals send them."
    if found is None:
        return limit
    normal, ill = found["normal"], found["pneumonia"]
    below, between, above = normal["full"]
    return limit + (
        f" Of {normal['films']} normal ones at full size the network calls {below} normal at the balanced operating "
        f"point, leaves {between} indeterminate and calls {above} pneumonia (of their small copies it calls "
        f"{normal['small'][0]} normal); of {ill['films']} with pneumonia it calls {ill['full'][2]} pneumonia (of their "
        f"small copies {ill['small'][2]}). It was trained on {found['taught']} of these {found['films']} films."
    )


def adult_limit(adults: dict[str, Any] | None) -> str:
    """For whom the network is not, with the figures that say so where they were measured."""
    if adults is None:
        return (
            "Not for adults or older children: networks trained on these films hardly do better than chance on adults' "
            "films."
        )
    low, high = adults["auc"]["ci"]
    return (
        f"Not for adults or older children: on {adults['films']} adults' films from other hospitals, read by "
        f"radiologists, {adults['positives']} of them with pneumonia, its AUC is {adults['auc']['value']:.2f} "
        f"[{low:.2f}, {high:.2f}] (0.50 is chance), and at the balanced operating point it would call "
        f"{adults['false_alarms']:.0%} of those without pneumonia pneumonia. So this network answers for no adult."
    )


def background_limit(found: dict[str, Any], plain: dict[str, Any]) -> str:
    """How far the network goes by the background, with the figures that say so."""
    areas = [part["auc"]["value"] for part in (plain, found["exchanged"], found["alone"])]
    return (
        "It also goes by the background (arms, belly, framing), which in these films tells the classes apart. On the "
        f"test films its AUC is {areas[0]:.3f}; with each chest on the background of a film of the other class it is "
        f"{areas[1]:.3f}, and on the background alone, the chest taken out, {areas[2]:.3f} (0.5 is chance)."
    )


def aspect_ratio_limit(found: dict[str, Any], plain: dict[str, Any]) -> str:
    """How far the network goes by the film's aspect ratio, with the figures that say so."""
    before = plain["operating_points"]["balanced"]["table"]["normal"]["normal"]["share"]
    return (
        "Films are made square before the network sees them, so a chest becomes narrower the wider its film was, and "
        "among the training films those with pneumonia were the wider ones. With the normal test films alone "
        f"made a tenth narrower its AUC is {found['auc']['value']:.3f} in place of {plain['auc']['value']:.3f}, and "
        f"at the balanced operating point it calls {found['specificity']['value']:.0%} of them normal in place of "
        f"{before:.0%}: expect more false alarms where normal films are framed widely."
    )


def heat_limit(heat_map: dict[str, Any]) -> str:
    """What the heat map is not, with the figures that say so."""
    limit = (
        "The heat map shows which places raised the answer. It is coarse, it is no outline of disease, and a cold map "
        "is no sign of health."
    )
    lungs = heat_map.get("lungs")
    if lungs is None:
        return limit
    here, even = lungs["share_in_chest"], lungs["even_heat_would_give_chest"]
    elsewhere = 1 - lungs["hottest_place_in_chest"]
    return limit + (
        f" On the test films with pneumonia that it found, {here:.0%} of the heat lies over lungs and mediastinum "
        f"(spread evenly it would be {even:.0%}), and in {elsewhere:.0%} of them the hottest place lies "
        "elsewhere: the network also goes by what is outside the lungs."
    )


def adults_ranking_limit(plain: dict[str, Any], kinds: dict[str, Any]) -> str:
    """How well adults' films are ranked, by how the radiologists called their appearance."""
    shown = [_area(plain["auc"]), *(_area(kinds[name]["auc"]) for name in ("typical", "indeterminate", "atypical"))]
    return (
        "It ranks adults less well than the network for children ranks children: on "
        f"{plain['films']} test films of {plain['patients']} studies its AUC is {shown[0]}; for films of typical "
        f"appearance {shown[1]}, of indeterminate {shown[2]}, of atypical {shown[3]}."
    )


def crop_background_limit(found: dict[str, Any], plain: dict[str, Any]) -> str:
    """How far a network that pools over the lungs still goes by the background."""
    areas = [part["auc"]["value"] for part in (plain, found["exchanged"], found["alone"])]
    return (
        "It looks at a crop to the lungs, but where they are found depends a little on the background: on the test "
        f"films its AUC is {areas[0]:.3f}; with each chest on the background of a film of the other class it is "
        f"{areas[1]:.3f}, and on the background alone, the chest taken out, {areas[2]:.3f} (0.5 is chance)."
    )


def around_lungs_limit(found: dict[str, Any]) -> str:
    """How far a network that pools over the lungs goes by what lies around them."""
    alone, emptied = (found[part]["auc"]["value"] for part in ("lungs_alone", "lungs_emptied"))
    return (
        "It also goes by what lies around the lungs in that crop, and by their outline: on the test films its AUC is "
        f"{alone:.3f} with one grey in place of all but the lungs, and {emptied:.3f} with one grey in place of the "
        "lungs (0.5 is chance)."
    )


def lungs_heat_limit(heat_map: dict[str, Any]) -> str:
    """What the heat map of a network that pools over the lungs is."""
    limit = (
        "The heat map shows at which places in the lungs the answer was raised; what raised it may lie elsewhere, "
        "since each place sees most of the crop. It is coarse, it is no outline of disease, and a cold map is no sign "
        "of health."
    )
    sixths = heat_map.get("exchanged_sixths", {})
    if sixths.get("raised"):
        limit += (
            " Where one sixth of normal lungs was exchanged for that of a film with pneumonia and this raised the "
            f"answer ({sixths['raised']:.0f} times), the hottest place lay in that sixth in "
            f"{sixths['hottest_place_in_it']:.0%} (by chance {sixths['by_chance']:.0%})."
        )
    drawn = heat_map.get("drawn_lungs")
    if drawn is None:
        return limit
    return limit + (
        f" On {drawn['films']:.0f} films with lungs drawn by people {drawn['share_in_lungs']:.0%} of the heat lies "
        f"inside them (spread evenly it would be {drawn['even_heat_would_give_lungs']:.0%}), and the hottest place in "
        f"{drawn['hottest_place_in_lungs']:.0%}."
    )


def calibration_limit(plain: dict[str, Any]) -> str:
    """How far probabilities are off, beside what chance alone would give."""
    off = plain["ece_at_reference_prevalence"]["value"]
    return (
        f"At the prevalence it assumes, the probabilities are off by {off:.3f} on "
        "average on the test films (expected calibration error); so few films would give "
        f"{plain['ece_by_chance']:.3f} by chance if every probability were right."
    )


def children_limit(found: dict[str, Any], begun_with: str) -> str:
    """What a network for adults is worth on children's films, and whether it began with weights that knew some."""
    whose = (
        "aged 1 to 5 whom it never saw, of the hospital whose films its first weights come from,"
        if begun_with
        else "aged 1 to 5 from a hospital it never saw"
    )
    return (
        f"Not for children: on {found['films']} films of children {whose} its AUC is {_area(found['auc'])}, less than "
        "that of the network for children."
    )


def _area(value: dict[str, Any]) -> str:
    low, high = value["ci"]
    return f"{value['value']:.3f} [{low:.3f}, {high:.3f}]"
