#!/usr/bin/env python3
"""Builds the release binary, and prints its size, and what it is made of by section and by crate.

    python3 tests/bench/size.py

Symbols tell which crate a function is of, and the binary has none: it is linked once more with them, into the same
folder, and then again without. Both are built as packaging/build does, inlined as sparingly. A generic function counts for the first crate in its name that is not Rust's own, which
is the one that asked for it. Needs `nm` and `size` of binutils. Exits with 1 where the binary is larger than wanted.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WANTED = 24e6
RUST = {"std", "core", "alloc", "proc_macro", "test", "hashbrown", "std_detect", "compiler_builtins", "rustc_demangle", "addr2line", "gimli", "object", "miniz_oxide"}
SHOWN = 16


def target_folder():
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return folder if folder.is_absolute() else ROOT / folder


def build(*flags):
    command = ["cargo", "rustc", "--locked", "--quiet", "--release", "--bin", "bedrock-access", "--", *flags]
    environment = {"RUSTC_WRAPPER": str(ROOT / "packaging/rustc")} | os.environ
    subprocess.run(command, cwd=ROOT, check=True, env=environment)
    return target_folder() / "release" / "bedrock-access"


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def sections(binary):
    for line in output("size", "-A", "-d", str(binary)).splitlines():
        fields = line.split()
        # Sections without an address are not loaded.
        if len(fields) == 3 and fields[0].startswith(".") and fields[2] != "0":
            yield fields[0], int(fields[1])


def crate_of(symbol):
    names = re.findall(r"(?<![\w:])([a-z_][a-z0-9_]*)::", symbol)
    if not names:
        return "C and assembly: aws-lc, the C runtime"
    foreign = [name for name in names if name not in RUST]
    return foreign[0] if foreign else "Rust's own libraries"


def functions(binary):
    total = collections.Counter()
    listing = output("nm", "--demangle", "--print-size", "--radix=d", str(binary))
    for line in listing.splitlines():
        fields = line.split(maxsplit=3)
        if len(fields) == 4 and fields[2] in "tTwW":
            total[crate_of(fields[3])] += int(fields[1])
    return total


def table(title, rows, whole):
    print(f"\n| {title} | MB | of the file |\n|---|---|---|")
    for name, size in rows:
        print(f"| {name} | {size / 1e6:.2f} | {100 * size / whole:.1f} % |")


def main():
    by_crate = functions(build("-C", "strip=none"))
    binary = build()
    size = binary.stat().st_size
    print("\n## size\n\n| what | wanted | measured | |\n|---|---|---|---|")
    met = "met" if size <= WANTED else "**missed**"
    print(f"| release binary without symbols | at most {WANTED / 1e6:.0f} MB | {size / 1e6:.1f} MB | {met} |")
    by_section = sorted(sections(binary), key=lambda row: -row[1])
    table("section", [row for row in by_section if row[1] >= 10_000], size)
    shown = by_crate.most_common(SHOWN)
    rest = sum(by_crate.values()) - sum(size for _, size in shown)
    table("functions of the crate", [*shown, (f"{len(by_crate) - len(shown)} others", rest)], size)
    return 0 if size <= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
