#!/usr/bin/env python3
"""Finds the denials of a partitioned trail on a Spark cluster, and compares the groups with those of one process.

The trail is made here: files of records, compressed, in folders by Region and day as CloudTrail lays them out in S3. Each
worker runs `denials` on the files of its partition; the counts of equal groups are added up.

    python3 tests/scale/denials.py target/release/bedrock-access [EVENTS]

Needs pyspark and a Java runtime. The cluster is Spark's own on this machine: two workers that listen on loopback only.
Exits with 1 where the groups differ.
"""

import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import cluster

ACCOUNT = "111122223333"
REGIONS = ["us-east-1", "us-west-2", "eu-central-1"]
DAYS = 8
MODELS = ["amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"]


def refusal(number, session, resource):
    """Returns an error code and a message: five causes."""
    wording = "is not authorized to perform: bedrock:InvokeModel on resource:"
    denied = f"User: {session} {wording} {resource}"
    return [
        ("AccessDenied", f"{denied} because no identity-based policy allows the bedrock:InvokeModel action"),
        ("AccessDenied", f"{denied} with an explicit deny in a service control policy"),
        ("AccessDenied", f"{denied} because no permissions boundary allows the bedrock:InvokeModel action"),
        ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
        (
            "ResourceNotFoundException",
            "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.",
        ),
    ][number % 5]


def event(number):
    region = REGIONS[number % len(REGIONS)]
    day = 1 + number // len(REGIONS) % DAYS
    name = f"app-{number % 31}"
    model = MODELS[number % 7 % len(MODELS)]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/task"
    record = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE{number % 31:05}:task",
            "arn": session,
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "userName": name, "accountId": ACCOUNT}
            },
        },
        "eventTime": f"2026-11-{day:02}T{number % 24:02}:{number % 60:02}:00Z",
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "InvokeModel",
        "awsRegion": region,
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "Boto3/1.40.1",
        "requestParameters": {"modelId": model},
        "responseElements": None,
        "requestID": f"00000000-0000-4000-8000-{number:012}",
        "eventID": f"00000000-0000-4000-9000-{number:012}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if number % 50 == 0:
        resource = f"arn:aws:bedrock:{region}::foundation-model/{model}"
        record["errorCode"], record["errorMessage"] = refusal(number // 50, session, resource)
    return region, day, record


def write_trail(count, folder):
    files = collections.defaultdict(list)
    for number in range(count):
        region, day, record = event(number)
        files[region, day].append(record)
    for (region, day), records in files.items():
        place = folder / "AWSLogs" / ACCOUNT / "CloudTrail" / region / "2026" / "11" / f"{day:02}"
        place.mkdir(parents=True)
        for part in range(4):
            path = place / f"{ACCOUNT}_CloudTrail_{region}_202611{day:02}T{part:02}00Z_part.json.gz"
            with gzip.open(path, "wt", compresslevel=1) as file:
                json.dump({"Records": records[part::4]}, file)
    return sorted(str(path) for path in folder.rglob("*.json.gz"))


def groups(program, paths):
    """Runs the program on files: pairs of a group and its count."""
    done = subprocess.run([program, "denials", *paths, "--format", "json"], stdout=subprocess.PIPE, check=False)
    if done.returncode > 1:
        raise RuntimeError(f"exit status {done.returncode}")
    for group in json.loads(done.stdout)["groups"]:
        yield group["id"], group["count"]


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        paths = write_trail(count, pathlib.Path(folder))
        started = time.monotonic()
        alone = dict(groups(program, [folder]))
        alone_seconds = time.monotonic() - started
        context = cluster.context()
        started = time.monotonic()
        partitions = context.parallelize(paths, 16)
        pairs = partitions.mapPartitions(lambda part: groups(program, list(part))).reduceByKey(int.__add__)
        spark = dict(pairs.collect())
        spark_seconds = time.monotonic() - started
        context.stop()
    wanted = len(range(0, count, 50))
    equal = alone == spark and sum(alone.values()) == wanted
    print(
        f"denials: {count} events in {len(paths)} files, {len(alone)} groups, one process {alone_seconds:.1f} s, "
        f"two workers {spark_seconds:.1f} s, groups {'equal' if equal else 'DIFFER'}"
    )
    if not equal:
        print(f"    {sum(alone.values())} denials alone, {sum(spark.values())} on Spark, {wanted} written")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
