"""One radiograph to one prediction: image check, network, calibration, heat map, and the card that describes them."""
