"""The same over TLS: encrypted, certificate checked, decrypted after the stamp."""

import asyncio
import json
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from runners import loadgen
from runners.loadgen import Finished, Target
from tests.runners.loadgen.scripted import CHUNKED, chunk, event, serving
from tests.runners.loadgen.test_pool import take_all

OPENSSL = shutil.which("openssl")
pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(OPENSSL is None, reason="no openssl to make a certificate with"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signs itself, its key beside it."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1"], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


async def _tokens(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(CHUNKED)
    for number in range(5):
        writer.write(event(json.dumps({"number": number, "sent": len(body), "pad": "x" * 20_000})))
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write(event("[DONE]") + chunk(b""))


def _ask(certificate: Path, **options: object) -> list[Finished]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with serving(_tokens, context) as url, loadgen.client(Target(url, **options), 2) as client:  # type: ignore[arg-type]
        for number in range(3):
            client.submit(number, b"y" * 200_000)
        return take_all(client)


def test_a_stream_over_tls_is_read_and_stamped(certificate: Path) -> None:
    for finished in _ask(certificate, ca_file=str(certificate)):
        assert finished.error == ""
        *found, (done, _) = loadgen.events(finished)
        assert done == b"[DONE]"
        assert [(json.loads(data)["number"], json.loads(data)["sent"]) for data, _ in found] == [
            (number, 200_000) for number in range(5)]
        times = [at_ns for _, at_ns in found]
        assert times == sorted(set(times))
        assert times[-1] - times[0] > 0.06e9
        assert len(finished.chunk_ns) == len(finished.chunk_end)


def test_an_unknown_certificate_is_refused_unless_it_is_not_to_be_checked(certificate: Path) -> None:
    for finished in _ask(certificate):
        assert "certificate is not accepted" in finished.error
        assert finished.status == 0
    assert {finished.error for finished in _ask(certificate, verify=False)} == {""}
