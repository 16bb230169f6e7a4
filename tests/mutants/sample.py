#!/usr/bin/env python3
"""Picks mutants: reads what `cargo mutants --list` prints, and prints COUNT of them as patterns for its option `--re`.

    sample.py SEED COUNT < all > chosen

The same seed picks the same mutants, and most of them again after a change elsewhere: each is ranked by a hash of the seed
and its name without line and column.
"""

import hashlib
import re
import sys


def rank(seed, name):
    without_place = re.sub(r":\d+:\d+:", ":", name, count=1)
    return hashlib.sha256(f"{seed} {without_place}".encode()).hexdigest()


def main():
    seed, count = sys.argv[1], int(sys.argv[2])
    names = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    for name in sorted(names, key=lambda name: rank(seed, name))[:count]:
        print("^" + re.escape(name) + "$")


main()
