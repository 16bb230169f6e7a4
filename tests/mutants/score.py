#!/usr/bin/env python3
"""Counts what `cargo mutants` found, and fails where too much escapes.

    score.py FOLDER ACCEPTED SHARE

FOLDER holds caught.txt, missed.txt, timeout.txt and unviable.txt, a mutant a line. ACCEPTED lists mutants that may escape:
`FILE: CHANGE  # reason`, without line and column. SHARE is the least percentage of viable mutants that is caught; one that
ends in a time-out is caught, because it is noticed.
"""

import pathlib
import re
import sys


def lines(folder, name):
    path = pathlib.Path(folder) / name
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()] if path.exists() else []


def main():
    folder, accepted_file, share = sys.argv[1], sys.argv[2], float(sys.argv[3])
    accepted = {}
    for line in pathlib.Path(accepted_file).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            mutant, _, reason = line.partition("  # ")
            if not reason:
                sys.exit(f"{accepted_file}: no reason: {line}")
            accepted[mutant] = reason
    caught = lines(folder, "caught.txt") + lines(folder, "timeout.txt")
    missed = lines(folder, "missed.txt")
    named = [re.sub(r":\d+:\d+:", ":", line, count=1) for line in missed]
    escaped = [line for line, name in zip(missed, named) if name not in accepted]
    viable = len(caught) + len(missed)
    if viable == 0:
        sys.exit("no viable mutant was tried")
    for line in escaped:
        print(f"escaped: {line}")
    reached = 100 * (viable - len(escaped)) / viable
    print(f"{len(caught)} of {viable} viable mutants are caught, {len(missed) - len(escaped)} escape with a reason: {reached:.1f} %")
    if reached < share:
        sys.exit(f"fewer than {share:g} %")


main()
