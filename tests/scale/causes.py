#!/usr/bin/env python3
"""Pipes a partitioned data set through the program on a Spark cluster, and compares the totals with one process.

Both commands are pure line filters: `explain --batch` takes error texts, `doctor --targets -` takes requests (here
against an embedded account). The data set is made of the real error texts in tests/fixtures/messages/.

    python3 tests/scale/causes.py target/release/bedrock-access [LINES]

Needs pyspark and a Java runtime. The cluster is Spark's own on this machine: two workers, each a process of its own
that listens on loopback only. Exits with 1 where the totals differ.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import cluster

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESSAGES = ROOT / "tests" / "fixtures" / "messages" / "messages.jsonl"
PARTITIONS = 16


def error_lines(count):
    texts = [json.loads(line)["text"] for line in MESSAGES.read_text(encoding="utf-8").splitlines()]
    for number in range(count):
        yield json.dumps({"id": str(number), "text": texts[number % len(texts)]})


def target_lines(count):
    models = ["amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0", "amazon.titan-text-express-v1"]
    for number in range(count):
        yield json.dumps({"id": str(number), "model": models[number % len(models)], "region": "us-west-2"})


def write(lines, count, directory):
    """Writes the lines into PARTITIONS files, as a data set in object storage would lie."""
    files = [open(directory / f"part-{number:05}.jsonl", "w", encoding="utf-8") for number in range(PARTITIONS)]
    for number, line in enumerate(lines):
        files[number * PARTITIONS // count].write(line + "\n")
    for file in files:
        file.close()


def one_process(command, directory, key):
    data = b"".join(path.read_bytes() for path in sorted(directory.glob("part-*")))
    started = time.monotonic()
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - started
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return collections.Counter(key(answer) for answer in answers), seconds


def on_spark(context, command, directory, key):
    started = time.monotonic()
    lines = context.textFile(str(directory), PARTITIONS)
    # Exit statuses speak of what was found; a worker fails only where the program could not run.
    shell = f"{command}; status=$?; [ $status -le 3 ]"
    answers = lines.pipe(f"sh -c '{shell}'", checkCode=True)
    totals = collections.Counter(dict(answers.map(json.loads).map(key).map(lambda k: (k, 1)).reduceByKey(int.__add__).collect()))
    return totals, time.monotonic() - started


def cause_of_text(answer):
    return answer["cause"]


def verdict_of_target(answer):
    first = answer["findings"][0]["cause"] if answer["findings"] else None
    return f"{answer['verdict']} {first}"


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    context = cluster.context()
    jobs = [
        ("explain --batch", [program, "explain", "--batch"], error_lines, lines, cause_of_text),
        (
            "doctor --targets",
            [program, "doctor", "--sandbox", "iam-missing", "--format", "json", "--targets", "-"],
            target_lines,
            max(lines // 200, PARTITIONS),
            verdict_of_target,
        ),
    ]
    same = True
    for name, command, make, count, key in jobs:
        with tempfile.TemporaryDirectory() as folder:
            directory = pathlib.Path(folder)
            write(make(count), count, directory)
            alone, alone_seconds = one_process([str(part) for part in command], directory, key)
            spark, spark_seconds = on_spark(context, " ".join(str(part) for part in command), directory, key)
        equal = alone == spark and sum(alone.values()) == count
        same = same and equal
        print(f"{name}: {count} lines, one process {alone_seconds:.1f} s, two workers {spark_seconds:.1f} s, totals {'equal' if equal else 'DIFFER'}")
        for total, number in alone.most_common(5):
            print(f"    {number:>8}  {total}")
        for total in (alone - spark) + (spark - alone):
            print(f"    differs: {total}: {alone[total]} alone, {spark[total]} on Spark")
    context.stop()
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
