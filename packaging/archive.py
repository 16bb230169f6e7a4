#!/usr/bin/env python3
"""Packs a release archive: the binary with completions, man pages and licences, and a checksum beside it.

usage: archive.py TARGET BINARY OUTPUT_FOLDER [--run PROGRAM] [--sbom FILE]

TARGET is a Rust target triple. The completions and man pages are written by PROGRAM (default: BINARY), so a binary for
another system needs one that runs here. Windows gets a .zip, every other system a .tar.gz. The archive has the same
bytes for the same input: names are sorted, and times are SOURCE_DATE_EPOCH (default: 0).
"""
import argparse
import gzip
import hashlib
import io
import os
import pathlib
import subprocess
import tarfile
import tempfile
import time
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMPLETIONS = {"bash": "bedrock-access.bash", "zsh": "_bedrock-access", "fish": "bedrock-access.fish",
               "powershell": "_bedrock-access.ps1", "elvish": "bedrock-access.elv"}
TEXTS = ("README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT")


def contents(options):
    """Returns the archive's files: name -> (bytes, executable)."""
    suffix = ".exe" if "windows" in options.target else ""
    files = {f"bedrock-access{suffix}": (options.binary.read_bytes(), True)}
    for text in TEXTS:
        files[text] = ((ROOT / text).read_bytes(), False)
    program = str((options.run or options.binary).resolve())
    for shell, name in COMPLETIONS.items():
        run = subprocess.run([program, "completions", shell], check=True, capture_output=True)
        files[f"completions/{name}"] = (run.stdout, False)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "man", folder], check=True, stdout=subprocess.DEVNULL)
        for page in sorted(pathlib.Path(folder).iterdir()):
            files[f"man/{page.name}"] = (page.read_bytes(), False)
    if options.sbom:
        files["bedrock-access.cdx.json"] = (options.sbom.read_bytes(), False)
    return files


def write_tar(path, folder, files, when):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            data, executable = files[name]
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), when, 0o755 if executable else 0o644
            archive.addfile(entry, io.BytesIO(data))
    path.write_bytes(gzip.compress(buffer.getvalue(), compresslevel=9, mtime=when))


def write_zip(path, folder, files, when):
    # A zip cannot hold a time before 1980.
    date = max(time.gmtime(when)[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name][0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--run", type=pathlib.Path, metavar="PROGRAM")
    parser.add_argument("--sbom", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    version = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]["version"]
    folder = f"bedrock-access-{version}-{options.target}"
    options.output.mkdir(parents=True, exist_ok=True)
    files = contents(options)
    when = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    windows = "windows" in options.target
    path = options.output / (folder + (".zip" if windows else ".tar.gz"))
    (write_zip if windows else write_tar)(path, folder, files, when)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
