"""TLS to a receiver: its name is what the certificate is held against, though the address was checked and pinned."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from diagnosis.webhooks import post as module
from diagnosis.webhooks.post import Answer, post
from tests.diagnosis.webhooks.receiver import Receiver


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{host}.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    kind, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem.with_suffix(".key").write_bytes(key.private_bytes(kind, form, plain))
    return pem, pem.with_suffix(".key")


@pytest.fixture
def address(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A receiver with TLS and a certificate for told.example, which is a name of this machine for the test's time; and
    this machine passes for a public address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, "told.example"))
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    real = socket.getaddrinfo
    there = {"told.example": "127.0.0.1", "else.example": "127.0.0.1"}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real(there.get(host, host), *rest, **more))
    monkeypatch.setattr(module, "_is_inside", lambda _address: False)
    monkeypatch.setattr(module, "_public", lambda: module._PublicAdapter(is_https_proto=True, allow_loopback=True))  # type: ignore[call-arg]
    return f"https://told.example:{receiver.server_address[1]}/told"


def trust(monkeypatch: pytest.MonkeyPatch, pem: Path) -> None:
    """Certificates are believed that this one vouches for."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(pem))


def test_a_receiver_with_a_certificate_for_its_name_is_told(
    address: str, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, tmp_path / "told.example.pem")
    assert post(address, b"{}", {}) == Answer(204)
    ((headers, body),) = receiver.got
    assert (headers["host"], body) == (address.split("/")[2], b"{}")


def test_a_certificate_that_nobody_vouches_for_or_of_another_name_ends_it(
    address: str, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(address, b"{}", {}) == Answer(None, "NO_TLS")
    trust(monkeypatch, tmp_path / "told.example.pem")
    assert post(address.replace("told.example", "else.example"), b"{}", {}) == Answer(None, "NO_TLS")
    assert receiver.got == []


def test_a_receiver_that_drips_is_left_in_time_behind_tls_too(
    address: str, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    trust(monkeypatch, tmp_path / "told.example.pem")
    monkeypatch.setattr(module, "TOTAL_SECONDS", 1.0)
    receiver.drips = 20.0
    assert post(address, b"{}", {}) == Answer(None, "TIMEOUT")
