"""What a DICOM object is decides whether it is read; of its header only harmless fields survive."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from ml.errors import IntakeError
from ml.intake.read import Header, read_radiograph
from tests.dicom_files import as_file, dicom_bytes, film_object, film_values

SECRETS = {
    "PatientName": "Quastenflosser^Wilhelmine", "PatientID": "MRN-99-4711", "PatientBirthDate": "20170214",
    "AccessionNumber": "ACC4711", "InstitutionName": "Quastenklinik", "ReferringPhysicianName": "Quast^Doktor",
    "StudyDate": "20200814", "StudyDescription": "Quastenthorax", "PatientComments": "Quastenkommentar",
    "DeviceSerialNumber": "SN-4711-Q", "StudyInstanceUID": "1.2.47.11.1", "SeriesInstanceUID": "1.2.47.11.2",
    "SOPInstanceUID": "1.2.47.11.3",
}  # fmt: skip


def refused(data: bytes) -> IntakeError:
    with pytest.raises(IntakeError) as caught:
        read_radiograph(data)
    return caught.value


@pytest.mark.parametrize(
    ("sop_class", "modality", "name"),
    [(uid.CTImageStorage, "CT", "CT image"), (uid.MRImageStorage, "MR", "MR image"),
     (uid.UltrasoundImageStorage, "US", "ultrasound"), (uid.SegmentationStorage, "SEG", "segmentation"),
     (uid.RTDoseStorage, "RTDOSE", "radiotherapy dose"), (uid.EncapsulatedPDFStorage, "DOC", "PDF document"),
     (uid.ComprehensiveSRStorage, "SR", "structured report"), (uid.XRayAngiographicImageStorage, "XA", "angiogram"),
     (uid.DigitalMammographyXRayImageStorageForPresentation, "MG", "mammogram"),
     (uid.DigitalIntraOralXRayImageStorageForPresentation, "IO", "dental"),
     (uid.VLPhotographicImageStorage, "XC", "photograph"), (uid.SecondaryCaptureImageStorage, "CT", "CT image"),
     (uid.MediaStorageDirectoryStorage, "", "DICOMDIR"), (uid.PositronEmissionTomographyImageStorage, "PT", "PET")],
)  # fmt: skip
def test_other_objects_are_refused_by_their_name(sop_class, modality, name):
    error = refused(dicom_bytes(film_values(12), 12, SOPClassUID=sop_class, Modality=modality))
    assert error.code == "WRONG_DICOM_OBJECT"
    assert name in str(error)
    assert error.advice


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [(uid.ComputedRadiographyImageStorage, "CR"), (uid.DigitalXRayImageStorageForPresentation, "DX"),
     (uid.ComputedRadiographyImageStorage, "RG"), (uid.SecondaryCaptureImageStorage, "OT"),
     (uid.SecondaryCaptureImageStorage, "DX"), (uid.SecondaryCaptureImageStorage, "DR"),
     (uid.ComputedRadiographyImageStorage, ""),
     (uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage, "CR")],
)  # fmt: skip
def test_radiographs_and_what_is_derived_from_them_are_read(sop_class, modality):
    tags = {"SOPClassUID": sop_class, "Modality": modality, "NumberOfFrames": 1}
    assert read_radiograph(dicom_bytes(film_values(12), 12, **tags)).header.modality == modality


def test_an_invented_modality_is_passed_over_where_the_class_is_a_radiographs():
    tags = {"SOPClassUID": uid.DigitalXRayImageStorageForPresentation, "Modality": "XRAYS"}
    assert read_radiograph(dicom_bytes(film_values(12), 12, **tags)).header.modality == ""
    assert refused(dicom_bytes(film_values(12), 12, **(tags | {"Modality": "MG"}))).code == "WRONG_DICOM_OBJECT"


def test_several_frames_raw_detector_data_and_missing_pixels_have_codes_of_their_own():
    values = film_values(12)
    assert refused(dicom_bytes(values, 12, NumberOfFrames=2)).code == "MULTIPLE_IMAGES"
    raw = {"SOPClassUID": uid.DigitalXRayImageStorageForProcessing, "Modality": "DX"}
    assert refused(dicom_bytes(values, 12, **raw)).code == "RAW_DETECTOR_DATA"
    without = film_object(values, 12)
    del without.PixelData
    assert refused(as_file(without)).code == "NO_PIXEL_DATA"
    assert refused(dicom_bytes(values[:200], 12, Rows=240)).code == "DAMAGED"


def test_colour_in_dicom_is_refused():
    noise = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    values = np.kron(noise, np.ones((32, 32, 1), np.uint8))
    tags = {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT"}
    assert refused(dicom_bytes(values, 8, **tags)).code == "COLOUR_PICTURE"


@pytest.mark.parametrize(
    ("tags", "years"),
    [({"PatientAge": "003Y"}, 3.0), ({"PatientAge": "018M"}, 1.5), ({"PatientAge": "026W"}, 0.5),
     ({"PatientAge": "073D"}, 0.2), ({"PatientAge": "81"}, 81.0), ({"PatientAge": "999Y"}, None),
     ({"PatientBirthDate": "20170214", "StudyDate": "20200214"}, 3.0), ({"PatientBirthDate": "20170214"}, None),
     ({"PatientBirthDate": "20170214", "StudyDate": "20180213"}, 0.9),
     ({"PatientBirthDate": "20250101", "StudyDate": "20200101"}, None), ({}, None)],
)  # fmt: skip
def test_the_age_comes_from_the_age_or_from_the_dates(tags, years):
    age = read_radiograph(dicom_bytes(film_values(8), 8, **tags)).header.age_years
    assert age == (None if years is None else pytest.approx(years, abs=0.01))


def test_only_the_kept_fields_leave_the_reader(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    tags = SECRETS | {"BodyPartExamined": "chest", "ViewPosition": "PA", "ImagerPixelSpacing": [0.15, 0.15]}
    film = read_radiograph(dicom_bytes(film_values(12), 12, **tags), salt=b"pepper")
    assert film.header.uid_hash
    assert dataclasses.replace(film.header, uid_hash="") == Header("CR", "PA", "CHEST", 3.4, 0.15)
    kept = repr(film.header) + repr(film.notices) + caplog.text + "".join(capfd.readouterr())
    stored = film.to_stored()[0] + film.thumbnail() + film.model_input().to_png()
    for secret in SECRETS.values():
        assert secret not in kept
        assert secret.encode() not in stored


def test_names_hidden_in_coded_fields_do_not_pass():
    tags = {"BodyPartExamined": "QUAST WILHELMINE", "ViewPosition": "WILHELMINE", "Modality": "CR"}
    header = read_radiograph(dicom_bytes(film_values(12), 12, **tags)).header
    assert (header.body_part, header.view_position) == ("", "")


def test_errors_about_damaged_files_quote_nothing_from_them(caplog, capfd):
    for spoiled in (
        {"Rows": None},
        {"BitsAllocated": 13},
        {"PhotometricInterpretation": "WILHELMINE"},
        {"Columns": 9000},
    ):
        error = refused(dicom_bytes(film_values(12), 12, **(SECRETS | spoiled)))
        output = f"{error!r} {error} {error.__cause__!r} {error.__context__!r} {caplog.text} {capfd.readouterr()}"
        assert not any(secret in output for secret in (*SECRETS.values(), "WILHELMINE"))


def test_the_hash_of_the_uids_depends_on_them_and_on_the_salt():
    values = film_values(8)
    one, two = dicom_bytes(values, 8), dicom_bytes(values, 8, SOPInstanceUID="1.2.3.4.6")
    hashes = {read_radiograph(data, salt=salt).header.uid_hash for data in (one, two) for salt in (b"a", b"b")}
    assert len(hashes) == 4
    assert read_radiograph(one, salt=b"a").header.uid_hash in hashes


def test_a_view_written_as_a_code_is_understood():
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "R-10214", "SRT", "postero-anterior"
    data = film_object(film_values(12), 12)
    data.ViewCodeSequence = Sequence([code])
    assert read_radiograph(as_file(data)).header.view_position == "PA"


def test_declared_burned_in_text_and_a_turned_film_are_pointed_out():
    tags = {"BurnedInAnnotation": "YES", "BodyPartExamined": "CHEST", "ViewPosition": "PA",
            "PatientOrientation": ["R", "F"]}  # fmt: skip
    film = read_radiograph(dicom_bytes(film_values(12), 12, **tags))
    assert {notice.code for notice in film.notices} >= {"BURNED_IN_TEXT", "STORED_TURNED"}


def test_meta_information_alone_is_no_image():
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = uid.ComputedRadiographyImageStorage, "1.2.3"
    assert refused(as_file(data)).code == "NO_PIXEL_DATA"
