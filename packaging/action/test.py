"""Runs the GitHub Action's steps with a runner's environment imitated, against the built-in demo account.

Needs `bedrock-access` on the path. Ends with a traceback where an answer is not what the action promises.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(**inputs):
    """Runs the action's second step; returns its status, log, outputs and step summary."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment |= {f"ACTION_{name.upper()}": text for name, text in inputs.items()}
        environment |= {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary"),
                        "ACTION_REPORTS": str(folder / "reports"), "GITHUB_ACTIONS": "true"}
        done = subprocess.run([sys.executable, str(HERE / "run.py")], env=environment, capture_output=True, text=True)
        read = lambda name: (folder / name).read_text(encoding="utf-8") if (folder / name).is_file() else ""
        outputs = dict(line.split("=", 1) for line in read("output").splitlines())
        files = sorted(path.name for path in (folder / "reports").iterdir()) if (folder / "reports").is_dir() else []
        return done.returncode, done.stdout + done.stderr, outputs, read("summary"), files


def expect(condition, what, result):
    if not condition:
        raise AssertionError(f"{what}: {result}")


def main():
    allowed = run(sandbox="healthy")
    expect(allowed[0] == 0 and allowed[2]["verdict"] == "allowed" and not allowed[2]["cause"], "an allowed call passes", allowed)
    expect("ALLOWED" in allowed[3].upper(), "the summary holds the report", allowed)

    denied = run(sandbox="iam-missing")
    expect(denied[0] == 1 and denied[2]["verdict"] == "denied", "a denied call fails", denied)
    expect(denied[2]["cause"] == "identity-policy-missing-allow", "the cause is an output", denied)
    expect("::error title=bedrock-access%3A denied::" in denied[1], "it is annotated", denied)
    expect({"report.json", "report.md", "report.xml"} <= set(denied[4]), "every report is written", denied)
    expect(run(sandbox="iam-missing", fail_on="never")[0] == 0, "never fails nothing", denied)

    unclear = run(sandbox="no-simulator")
    expect(unclear[0] == 1 and unclear[2]["verdict"] == "undetermined", "undetermined fails by default", unclear)
    expect(run(sandbox="no-simulator", fail_on="denied")[0] == 0, "and passes with `denied`", unclear)

    expect(run()[0] == 2, "no input is wrong usage", None)
    expect(run(sandbox="healthy", fail_on="always")[0] == 2, "an unknown level is wrong usage", None)
    expect(run(sandbox="no-such-world")[0] not in (0, 1), "wrong usage of the program fails the job", None)
    print("   the action's steps: allowed, denied, undetermined, and wrong usage are answered as documented")


if __name__ == "__main__":
    main()
