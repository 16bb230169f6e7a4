#!/usr/bin/env python3
"""Packs the npm packages: a thin one, and one per platform that holds the binary.

usage: pack.py OUTPUT_FOLDER [TARGET=BINARY]...

TARGET is a Rust target triple, such as x86_64-unknown-linux-gnu. Without any, only the thin package is packed. The
version, licences and repository come from Cargo.toml; the thin package always names every platform of PLATFORMS.
Prints the path of each tarball. Needs npm; nothing is published.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Rust's target triple: npm's platform, architecture and C library. Node's own names for the first two.
PLATFORMS = {
    "x86_64-unknown-linux-gnu": ("linux", "x64", "glibc"),
    "aarch64-unknown-linux-gnu": ("linux", "arm64", "glibc"),
    "x86_64-unknown-linux-musl": ("linux", "x64", "musl"),
    "aarch64-unknown-linux-musl": ("linux", "arm64", "musl"),
    "x86_64-apple-darwin": ("darwin", "x64", None),
    "aarch64-apple-darwin": ("darwin", "arm64", None),
    "x86_64-pc-windows-msvc": ("win32", "x64", None),
}


def manifest():
    return tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]


def platform_name(target):
    system, architecture, libc = PLATFORMS[target]
    return f"bedrock-access-{system}-{architecture}" + ("-musl" if libc == "musl" else "")


def pack(folder, package, output):
    for licence in ("LICENSE-APACHE", "LICENSE-MIT"):
        shutil.copy(ROOT / licence, folder)
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n", encoding="utf-8")
    packed = subprocess.run(
        ["npm", "pack", "--json", "--pack-destination", str(output)],
        cwd=folder, check=True, capture_output=True, text=True,
    )
    print(output / json.loads(packed.stdout)[0]["filename"])


def common(cargo):
    return {"version": cargo["version"], "license": cargo["license"],
            "repository": {"type": "git", "url": f"git+{cargo['repository']}.git"}}


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    output = pathlib.Path(sys.argv[1]).resolve()
    output.mkdir(parents=True, exist_ok=True)
    cargo = manifest()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        thin = scratch / "bedrock-access"
        shutil.copytree(ROOT / "packaging/npm/bedrock-access", thin)
        shutil.copy(ROOT / "README.md", thin)
        package = json.loads((thin / "package.json").read_text(encoding="utf-8"))
        package.update(common(cargo))
        package["optionalDependencies"] = {platform_name(target): cargo["version"] for target in PLATFORMS}
        pack(thin, package, output)
        for argument in sys.argv[2:]:
            target, _, binary = argument.partition("=")
            if target not in PLATFORMS:
                sys.exit(f"pack.py: `{target}` is not a platform of the npm packages: {', '.join(PLATFORMS)}")
            system, architecture, libc = PLATFORMS[target]
            name = platform_name(target)
            folder = scratch / name
            folder.mkdir()
            file = "bedrock-access.exe" if system == "win32" else "bedrock-access"
            shutil.copy(binary, folder / file)
            (folder / file).chmod(0o755)
            package = {"name": name, "description": f"The binary of bedrock-access for {system}-{architecture}",
                       **common(cargo), "os": [system], "cpu": [architecture], "files": [file, "LICENSE-APACHE", "LICENSE-MIT"]}
            if libc:
                package["libc"] = [libc]
            pack(folder, package, output)


if __name__ == "__main__":
    main()
