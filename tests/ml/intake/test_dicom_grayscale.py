"""DICOM's grey chain: modality LUT, VOI LUT, windows, polarity, padding, odd depths, overlays, pixel shape."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi_lut

from ml.intake.read import Limits, read_radiograph
from tests.dicom_files import as_file, dicom_bytes, film_object, film_values, scaled

TWELVE = 4095


def table_item(entries: np.ndarray, first: int, depth: int, count: int | None = None) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [len(entries) if count is None else count, first, depth])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


@pytest.mark.parametrize("function", ["", "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(2048, 4096), (1500, 900), (3000.5, 2000.25)])
def test_a_window_is_applied_as_pydicom_applies_it(function, centre, width):
    values = film_values(12)
    data = film_object(values, 12, WindowCenter=centre, WindowWidth=width)
    if function:
        data.VOILUTFunction = function
    film = read_radiograph(as_file(data))
    windowed = apply_voi_lut(values, data).astype(np.float64) / TWELVE * 255
    assert np.abs(film.pixels - windowed).max() <= 0.51


def test_the_first_of_several_windows_counts():
    values = film_values(12)
    film = read_radiograph(dicom_bytes(values, 12, WindowCenter=[1000.5, 9], WindowWidth=[1001, 5]))
    assert np.abs(film.pixels - scaled(values, 500, 1500).astype(int)).max() <= 1  # ties of rounding


def test_a_window_of_width_one_is_a_threshold_and_one_of_width_zero_is_ignored():
    values = film_values(12)
    sharp = read_radiograph(dicom_bytes(values, 12, WindowCenter=2000, WindowWidth=1)).pixels
    np.testing.assert_array_equal(sharp, np.where(values > 1999.5, 255, 0))
    whole = read_radiograph(dicom_bytes(values, 12, WindowCenter=2000, WindowWidth=0)).pixels
    np.testing.assert_array_equal(whole, scaled(values, 0, TWELVE))


def test_a_window_beside_all_values_is_a_mistake_and_not_used():
    values = film_values(12)
    film = read_radiograph(dicom_bytes(values, 12, WindowCenter=60000, WindowWidth=10))
    np.testing.assert_array_equal(film.pixels, scaled(values, 0, TWELVE))


def test_slope_and_intercept_come_before_the_window():
    values = film_values(12)
    tags = {"RescaleSlope": "2", "RescaleIntercept": "-1000", "WindowCenter": 1000.5, "WindowWidth": 2001}
    film = read_radiograph(dicom_bytes(values, 12, **tags))
    assert np.abs(film.pixels - scaled(2.0 * values - 1000, 0, 2000).astype(int)).max() <= 1


def test_a_modality_table_comes_before_the_voi_table():
    values = film_values(10)
    square = np.arange(1024) ** 2 // 1024  # modality: 10 bit to 10 bit, bent
    upside = 4095 - 4 * np.arange(1024)  # values of interest: 10 bit to 12 bit, turned round
    data = film_object(values, 10)
    data.ModalityLUTSequence = [table_item(square, 0, 16)]
    data.VOILUTSequence = [table_item(upside, 0, 12)]
    data.WindowCenter, data.WindowWidth = 5, 5  # a VOI table goes before a window
    expected = scaled(upside[square[values]], 0, 4095)
    np.testing.assert_array_equal(read_radiograph(as_file(data)).pixels, expected)


def test_a_full_table_declares_its_length_as_zero_and_a_lying_depth_is_mended():
    values = film_values(16)
    data = film_object(values, 16)
    data.VOILUTSequence = [table_item(np.arange(65536), 0, 8, count=0)]
    np.testing.assert_array_equal(read_radiograph(as_file(data)).pixels, scaled(values, 0, 65535))


def test_values_below_a_tables_first_take_its_first_entry():
    values = film_values(12)
    data = film_object(values, 12)
    data.VOILUTSequence = [table_item(np.arange(0, 1001), 1000, 16)]
    film = read_radiograph(as_file(data)).pixels
    np.testing.assert_array_equal(film, scaled(np.clip(values.astype(int) - 1000, 0, 1000), 0, 1023))


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted", "unsure"),
    [
        ("MONOCHROME1", "INVERSE", True, False),
        ("MONOCHROME1", None, True, False),
        ("MONOCHROME1", "IDENTITY", True, True),
        ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME2", None, False, False),
        ("MONOCHROME2", "INVERSE", True, True),
        (None, None, False, True),
        (None, "IDENTITY", False, False),
        (None, "INVERSE", True, False),
    ],
)
def test_polarity_is_turned_once_and_contradictions_are_reported(photometric, shape, inverted, unsure):
    values = film_values(12)
    data = film_object(values, 12, **({"PresentationLUTShape": shape} if shape else {}))
    data.PhotometricInterpretation = photometric
    if photometric is None:
        del data.PhotometricInterpretation
    film = read_radiograph(as_file(data))
    ends = (TWELVE, 0) if inverted else (0, TWELVE)
    np.testing.assert_array_equal(film.pixels, scaled(values, *ends))
    assert ("POLARITY_UNSURE" in [notice.code for notice in film.notices]) == unsure


def test_without_a_window_a_narrow_range_is_spread_and_a_wide_one_is_left():
    narrow = (film_values(12) // 8 + 1000).astype(np.uint16)
    film = read_radiograph(dicom_bytes(narrow, 16)).pixels
    np.testing.assert_array_equal(film, scaled(narrow, narrow.min(), narrow.max()))
    wide = film_values(16) // 2
    np.testing.assert_array_equal(read_radiograph(dicom_bytes(wide, 15)).pixels, scaled(wide, 0, 32767))


def test_padding_is_black_in_either_polarity_and_not_part_of_the_range():
    values = film_values(12).copy()
    values = (values // 4 + 1000).astype(np.uint16)
    values[:20] = 0
    tags = {"PixelPaddingValue": 0, "PhotometricInterpretation": "MONOCHROME1"}
    film = read_radiograph(dicom_bytes(values, 16, **tags)).pixels
    assert (film[:20] == 0).all()
    np.testing.assert_array_equal(film[20:], scaled(values[20:], values.max(), values[20:].min()))


def test_bits_above_the_stored_ones_are_not_part_of_the_picture():
    values = film_values(12)
    with_overlay = values | (np.uint16(1) << 15) * (np.indices(values.shape)[0] % 3 == 0).astype(np.uint16)
    film = read_radiograph(dicom_bytes(with_overlay, 12)).pixels
    np.testing.assert_array_equal(film, scaled(values, 0, TWELVE))


def test_stored_bits_may_lie_high_in_the_word():
    values = film_values(12)
    film = read_radiograph(dicom_bytes((values << 4).astype(np.uint16), 12, HighBit=15)).pixels
    np.testing.assert_array_equal(film, scaled(values, 0, TWELVE))


def test_overlays_are_ignored():
    values = film_values(12)
    data = film_object(values, 12)
    for element, vr, value in (
        (0x0010, "US", 240), (0x0011, "US", 256), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]), (0x0100, "US", 1),
        (0x0102, "US", 0), (0x3000, "OW", b"\xff" * (240 * 256 // 8)),
    ):  # fmt: skip
        data.add_new(0x60000000 + element, vr, value)
    np.testing.assert_array_equal(read_radiograph(as_file(data)).pixels, scaled(values, 0, TWELVE))


@pytest.mark.parametrize(
    ("tags", "size"),
    [({"PixelAspectRatio": [2, 1]}, (256, 480)), ({"PixelAspectRatio": [3, 4]}, (341, 240)),
     ({"ImagerPixelSpacing": [0.2, 0.1]}, (256, 480)), ({"PixelAspectRatio": [1, 1]}, (256, 240)),
     ({"PixelAspectRatio": [0, 0]}, (256, 240)), ({"PixelAspectRatio": [900, 1]}, (256, 240))],
)  # fmt: skip
def test_oblong_pixels_become_square(tags, size):
    film = read_radiograph(dicom_bytes(film_values(12), 12, **tags))
    assert (film.width, film.height) == size
    assert film.model_input().width == size[0]


def test_grey_saved_as_colour_is_taken_and_colour_is_not():
    grey = film_values(8)
    as_rgb = np.stack([grey] * 3, axis=-1)
    secondary = {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT"}
    np.testing.assert_array_equal(read_radiograph(dicom_bytes(as_rgb, 8, **secondary)).pixels, grey)


def test_a_grey_palette_is_followed():
    values = film_values(8)
    tags = {
        "SOPClassUID": uid.SecondaryCaptureImageStorage,
        "Modality": "OT",
        "PhotometricInterpretation": "PALETTE COLOR",
    }
    for depth in (8, 16):
        data = film_object(values, 8, **tags)
        turned = np.arange(255, -1, -1) * (257 if depth == 16 else 1)
        for colour in ("Red", "Green", "Blue"):
            setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, depth])
            entries = turned.astype("<u2" if depth == 16 else "u1").tobytes()
            setattr(data, f"{colour}PaletteColorLookupTableData", entries)
        np.testing.assert_array_equal(read_radiograph(as_file(data)).pixels, 255 - values)


def test_pixels_that_would_grow_too_many_are_shrunk_instead():
    data = dicom_bytes(film_values(12), 12, PixelAspectRatio=[2, 1])
    film = read_radiograph(data, limits=Limits(max_pixels=70_000, min_pixels=20_000))
    assert (film.width, film.height) == (128, 240)
