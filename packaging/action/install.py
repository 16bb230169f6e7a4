"""Installs the program for the GitHub Action: a wheel into a virtual environment of its own, which joins the path."""
import os
import pathlib
import subprocess
import sys
import venv


def main():
    folder = pathlib.Path(os.environ["RUNNER_TEMP"]) / "bedrock-access-environment"
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    version = os.environ.get("ACTION_VERSION", "")
    package = os.environ.get("ACTION_WHEEL", "") or "bedrock-access" + (f"=={version}" if version else "")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    status = subprocess.run(command).returncode
    if status == 0:
        with open(os.environ["GITHUB_PATH"], "a", encoding="utf-8") as paths:
            paths.write(f"{scripts}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
