#!/usr/bin/env python3
"""Writes the Homebrew formula of this version from the release archives' checksums.

usage: homebrew.py FOLDER > bedrock-access.rb

FOLDER holds the `.sha256` files that archive.py writes, one for each of TARGETS; a missing one is an error. The version
and the repository come from Cargo.toml.
"""
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGETS = {
    ("macos", "arm"): "aarch64-apple-darwin",
    ("macos", "intel"): "x86_64-apple-darwin",
    ("linux", "arm"): "aarch64-unknown-linux-musl",
    ("linux", "intel"): "x86_64-unknown-linux-musl",
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    version, repository = cargo["version"], cargo["repository"]
    print("class BedrockAccess < Formula")
    print(f'  desc "{cargo["description"]}"')
    print(f'  homepage "{repository}"')
    print(f'  version "{version}"')
    print('  license any_of: ["Apache-2.0", "MIT"]')
    for system in ("macos", "linux"):
        print(f"\n  on_{system} do")
        for processor in ("arm", "intel"):
            name = f"bedrock-access-{version}-{TARGETS[system, processor]}.tar.gz"
            checksum = folder / f"{name}.sha256"
            if not checksum.is_file():
                sys.exit(f"homebrew.py: `{checksum}` is missing; pack the archive first (packaging/archive.py)")
            print(f"    on_{processor} do")
            print(f'      url "{repository}/releases/download/v{version}/{name}"')
            print(f'      sha256 "{checksum.read_text(encoding="utf-8").split()[0]}"')
            print("    end")
        print("  end")
    print("""
  def install
    bin.install "bedrock-access"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/bedrock-access.bash" => "bedrock-access"
    zsh_completion.install "completions/_bedrock-access"
    fish_completion.install "completions/bedrock-access.fish"
  end

  test do
    # Exit status 1 means that a cause was found.
    assert_match "DENIED", shell_output("#{bin}/bedrock-access doctor --sandbox -q", 1)
  end
end""")


if __name__ == "__main__":
    main()
