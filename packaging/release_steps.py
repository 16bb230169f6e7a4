#!/usr/bin/env python3
"""Runs the shell steps of the release workflow in a copy of the repository, with a runner's variables imitated.

usage: release_steps.py COPY BINARY WHEEL

COPY is a folder with the repository's files, which the steps write into. BINARY and WHEEL stand for what every job builds.
What would reach the network or publish is replaced by a program that writes down how it was called. A step that is neither
run here nor in LEFT_OUT is an error, so that no step is forgotten. Needs PyYAML and npm.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import yaml

TARGETS = ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-unknown-linux-gnu",
           "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")
LEFT_OUT = {
    "Install what builds and describes it": "installs tools, as the other steps of packaging/test do",
    "Build": "compiles for release, which packaging/wheel does in `packaging/test wheel` with the same settings",
    "Run the tests on this system": "cargo test, which .ci/run runs",
    "cargo publish --locked": "publishes; `packaging/test crate` packs and verifies the same",
}


def steps(copy):
    workflow = yaml.safe_load((copy / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                yield step.get("name", step["run"]), step["run"]


class Runner:
    def __init__(self, copy, stubs, log):
        self.copy, self.scripts, self.ran, self.log = copy, dict(steps(copy)), set(), log
        self.variables = dict(os.environ, PATH=f"{stubs}{os.pathsep}{os.environ['PATH']}", CALLS=str(log),
                              REAL_NPM=shutil.which("npm"), GITHUB_REPOSITORY="example/bedrock-access", GH_TOKEN="none")

    def run(self, name, status=0, **variables):
        """Runs a step as a runner does (`bash -eo pipefail`), and holds it to the status that it must end with."""
        self.ran.add(name)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.scripts[name]]
        done = subprocess.run(command, cwd=self.copy, env=self.variables | variables, capture_output=True, text=True)
        if done.returncode != status:
            sys.exit(f"release_steps.py: `{name}` ended with {done.returncode} instead of {status}:\n{done.stdout}{done.stderr}")

    def calls(self):
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.is_file() else []


def stub(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    copy, binary, wheel = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        stubs = scratch / "stubs"
        stubs.mkdir()
        with zipfile.ZipFile(wheel) as packed:
            (scratch / "sbom").write_bytes(packed.read(next(name for name in packed.namelist() if name.endswith(".cyclonedx.json"))))
        stub(stubs, "cargo", f'echo "cargo $*" >>"$CALLS"; cp "{scratch}/sbom" bedrock-access.cdx.json')
        stub(stubs, "git", "echo 1700000000")
        stub(stubs, "gh", 'echo "gh $*" >>"$CALLS"')
        stub(stubs, "npm", 'case "$1" in publish) echo "npm $*" >>"$CALLS" ;; *) exec "$REAL_NPM" "$@" ;; esac')
        stub(copy / "packaging", "wheel", f'mkdir -p "$3" && cp "{wheel}" "$3/$1.whl"')
        runner = Runner(copy, stubs, scratch / "calls")

        version = next(line.split('"')[1] for line in (copy / "Cargo.toml").read_text().splitlines() if line.startswith("version"))
        runner.run("Check that the tag is the version", GITHUB_REF_NAME=f"v{version}")
        runner.run("Check that the tag is the version", status=1, GITHUB_REF_NAME="v999.0.0")

        # One job for all targets: only the names differ, as nothing else can run here.
        for target in TARGETS:
            built = copy / "dist/binary" / target
            built.mkdir(parents=True)
            shutil.copy(binary, built / ("bedrock-access.exe" if "windows" in target else "bedrock-access"))
            variables = {"TARGET": target, "BUILD": target, "WHEEL_TAGS": "manylinux2014"}
            runner.run("Test the binary that was built", **variables)
            runner.run("Pack", **variables)
            (copy / "built").mkdir(exist_ok=True)
            (copy / "dist").rename(copy / "built" / target)
        runner.run("Collect archives, wheels, npm packages and the formula")
        release = copy / "release"
        archives, packages = len(list((release / "archives").glob("*.sha256"))), len(list((release / "npm").glob("*.tgz")))
        if (archives, packages) != (len(TARGETS), len(TARGETS) + 1):
            sys.exit(f"release_steps.py: {archives} checksums and {packages} npm packages for {len(TARGETS)} targets")

        runner.run("Publish the platforms first, then the package that names them")
        published = [pathlib.Path(call.split()[-1]).name for call in runner.calls() if call.startswith("npm publish")]
        if len(published) != packages or not published[-1].startswith(f"bedrock-access-{version}"):
            sys.exit(f"release_steps.py: npm publishes {published}")
        runner.run("Make the release", GITHUB_REF_NAME=f"v{version}")
        made = [call for call in runner.calls() if call.startswith("gh release create")]
        if len(made) != 1 or "bedrock-access.rb" not in made[0] or made[0].count(".sha256") != len(TARGETS):
            sys.exit(f"release_steps.py: {made}")

        forgotten = set(runner.scripts) - runner.ran - set(LEFT_OUT)
        if forgotten:
            sys.exit(f"release_steps.py: steps that are neither run nor left out for a reason: {forgotten}")
        for name, reason in LEFT_OUT.items():
            print(f"   left out: {name} ({reason})")
        print(f"   run: {', '.join(sorted(runner.ran))}")


if __name__ == "__main__":
    main()
