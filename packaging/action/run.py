"""Runs the program for the GitHub Action: reports into files, the step summary, annotations and outputs.

Reads its inputs from ACTION_* variables and the runner's files from GITHUB_OUTPUT and GITHUB_STEP_SUMMARY. A call is
made once: every further format is rendered from the saved evidence. Uses the standard library alone.
"""
import json
import os
import pathlib
import subprocess
import sys

PROGRAM = "bedrock-access"
LEVELS = ("never", "denied", "finding", "undetermined")
WORST = ("denied", "undetermined", "allowed")


def value(name):
    return os.environ.get(f"ACTION_{name}", "").strip()


def escaped(text, in_property=False):
    """Returns the text as a workflow command takes it, so that it cannot begin a command of its own."""
    pairs = [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")]
    if in_property:
        pairs += [(":", "%3A"), (",", "%2C")]
    for plain, code in pairs:
        text = text.replace(plain, code)
    return text


def annotate(level, title, text, file=None, line=None):
    where = f",file={escaped(file, True)},line={line}" if file and line else ""
    print(f"::{level} title={escaped(title, True)}{where}::{escaped(text)}", flush=True)


def call(*arguments):
    """Runs the program with its words on the log, and returns its exit status."""
    return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL).returncode


class Result:
    """What the job's runs came out as: the verdict, the first cause, and whether the job fails."""

    def __init__(self, fail_on):
        self.level = LEVELS.index(fail_on)
        self.verdict, self.cause, self.failed = "", "", False

    def fail_at(self, level):
        self.failed = self.failed or self.level >= LEVELS.index(level)


def diagnosis_of(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    documents = [json.loads(line) for line in lines] if len(lines) > 1 and lines[0].endswith("}") else [json.loads("\n".join(lines))]
    return [document for document in documents if str(document.get("schema", "")).startswith("bedrock-access/diagnosis/")]


def doctor(reports, result):
    arguments = ["doctor"]
    if value("SANDBOX"):
        arguments += ["--sandbox", value("SANDBOX")]
    many = bool(value("TARGETS"))
    if many:
        arguments += ["--targets", value("TARGETS")]
    for name in ("MODEL", "REGION", "PRINCIPAL", "OPERATION"):
        if value(name):
            arguments += [f"--{name.lower()}", value(name)]
    if value("PROBE").lower() == "true":
        arguments += ["--probe"]
    evidence, report = reports / "evidence.json", reports / "report.json"
    if many:
        # Targets have no evidence file: each format is a run of its own.
        status = call(*arguments, "--format", "json", "--output", str(report))
        rendered = arguments
    else:
        status = call(*arguments, "--save-evidence", str(evidence), "--force", "--format", "json", "--output", str(report))
        rendered = ["doctor", "--evidence", str(evidence)]
    if status not in (0, 1, 3):
        return status
    for file, form in (("report.md", "markdown"), ("report.xml", "junit")):
        call(*rendered, "--format", form, "--output", str(reports / file))
    diagnoses = diagnosis_of(report)
    verdicts = [diagnosis["verdict"] for diagnosis in diagnoses]
    result.verdict = next((worst for worst in WORST if worst in verdicts), {0: "allowed", 1: "denied"}.get(status, "undetermined"))
    for diagnosis in diagnoses:
        findings = diagnosis.get("findings", [])
        if not result.cause and findings and diagnosis["verdict"] == "denied":
            result.cause = findings[0]["cause"]
        if diagnosis["verdict"] == "allowed":
            continue
        request = diagnosis.get("request") or {}
        what = f"{request.get('operation') or 'call'} {request.get('model') or ''} in {request.get('region') or ''}".strip()
        level = "error" if diagnosis["verdict"] == "denied" else "warning"
        text = findings[0]["summary"] if findings else "the evidence is not enough to tell"
        annotate(level, f"bedrock-access: {diagnosis['verdict']}", f"{what}: {text}")
    if status == 1:
        result.fail_at("denied")
    if status == 3:
        result.fail_at("undetermined")
    return 0


def check(reports, result):
    paths = [line.strip() for line in value("CHECK").splitlines() if line.strip()]
    arguments = ["check", *paths]
    if value("MODEL"):
        arguments += ["--model", value("MODEL")]
    report = reports / "check.json"
    status = call(*arguments, "--format", "json", "--output", str(report))
    if status not in (0, 1, 3):
        return status
    call(*arguments, "--format", "sarif", "--output", str(reports / "check.sarif"))
    call(*arguments, "--format", "markdown", "--output", str(reports / "check.md"))
    document = json.loads(report.read_text(encoding="utf-8"))
    for finding in document.get("findings", []):
        level = {"error": "error", "warning": "warning"}.get(finding["level"], "notice")
        annotate(level, f"bedrock-access: {finding['code']}", f"{finding['address']}: {finding['message']}",
                 finding.get("file"), finding.get("line"))
    if not result.verdict:
        result.verdict = document["verdict"]
    if not result.cause and document.get("findings"):
        result.cause = document["findings"][0]["code"]
    if status == 1:
        result.fail_at("finding")
    if status == 3:
        result.fail_at("undetermined")
    return 0


def main():
    fail_on = value("FAIL_ON") or "undetermined"
    if fail_on not in LEVELS:
        annotate("error", "bedrock-access", f"`fail-on` is one of {', '.join(LEVELS)}, not `{fail_on}`")
        return 2
    if not (value("MODEL") or value("TARGETS") or value("CHECK") or value("SANDBOX")):
        annotate("error", "bedrock-access", "give one of the inputs `model`, `targets` and `check`")
        return 2
    reports = pathlib.Path(value("REPORTS") or "bedrock-access")
    reports.mkdir(parents=True, exist_ok=True)
    result = Result(fail_on)
    status, pages = 0, []
    if value("CHECK"):
        status = check(reports, result)
        pages.append(reports / "check.md")
    if not status and (value("TARGETS") or value("SANDBOX") or (value("MODEL") and not value("CHECK"))):
        status = doctor(reports, result)
        pages.insert(0, reports / "report.md")
    pages = [page for page in pages if page.is_file()]
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as summary:
        for page in pages:
            summary.write(page.read_text(encoding="utf-8") + "\n")
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as outputs:
        outputs.write(f"verdict={result.verdict}\ncause={result.cause}\n")
        outputs.write(f"report={pages[0] if pages else ''}\n")
    if status:
        annotate("error", "bedrock-access", f"the program ended with exit status {status}; the log says why")
        return status
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
