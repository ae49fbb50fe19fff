"""The harness as something to install."""

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

from harness import bundle
from harness.setup.own import own, packed

_RECORD = """\
tiny/__init__.py,,
tiny/_data/conf/x.yaml,,
tiny/__pycache__/__init__.cpython-311.pyc,,
../../../bin/tiny,,
tiny-1.2.dist-info/METADATA,,
tiny-1.2.dist-info/WHEEL,,
tiny-1.2.dist-info/INSTALLER,,
tiny-1.2.dist-info/direct_url.json,,
tiny-1.2.dist-info/RECORD,,
"""


def test_a_checkout_is_installed_editable_with_its_extras(tmp_path: Path) -> None:
    assert own("vllm,dev", tmp_path) == ["--editable", f"{bundle.root()}[vllm,dev]"]
    assert own("", tmp_path) == ["--editable", str(bundle.root())]


def test_an_installed_wheel_is_packed_again_so_that_pip_takes_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "tiny-1.2.dist-info"
    texts = {"METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.2\n", "RECORD": _RECORD, "INSTALLER": "pip",
             "WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
             "direct_url.json": "{}"}
    (site / "tiny/_data/conf").mkdir(parents=True)
    (site / "tiny/__init__.py").write_text("x = 1\n")
    (site / "tiny/_data/conf/x.yaml").write_text("a: 1\n")
    info.mkdir()
    for name, text in texts.items():
        (info / name).write_text(text)
    wheel = packed(metadata.Distribution.at(info), tmp_path)
    about = [f"tiny-1.2.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")]
    assert zipfile.ZipFile(wheel).namelist() == ["tiny/__init__.py", "tiny/_data/conf/x.yaml", *about]
    words = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path / "to"), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    assert (tmp_path / "to/tiny/_data/conf/x.yaml").is_file()
