"""Wheels that are written by hand."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(
    folder: Path, files: Mapping[str, str], name: str = "crowdpkg", version: str = "1.0", *needs: str
) -> Path:
    """Write a wheel that installs these files, and return its path."""
    folder.mkdir(exist_ok=True)
    info, path = f"{name}-{version}.dist-info", folder / f"{name}-{version}-py3-none-any.whl"
    about = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in needs)]
    with zipfile.ZipFile(path, "w") as file:
        for inner, text in files.items():
            entry = zipfile.ZipInfo(inner)
            entry.external_attr = 0o100755 << 16
            file.writestr(entry, text)
        file.writestr(f"{info}/METADATA", "\n".join(["Metadata-Version: 2.1", *about]) + "\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "".join(f"{inner},,\n" for inner in files))
    return path
