#!/usr/bin/env python3
"""What the first tests that failed said last: show_failed.py JUNIT.xml, as ctest writes it."""

import sys
import xml.etree.ElementTree

TESTS_MAX = 8
LINES_MAX = 40


def main():
    failed = [case for case in xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase") if case.get("status") == "fail"]
    for case in failed[:TESTS_MAX]:
        said = (case.findtext("system-out") or "").splitlines()
        print(f"---- {case.get('name')}: {case.find('failure').get('message') or 'failed'}"
              f"{', its last lines' if len(said) > LINES_MAX else ''}")
        print("\n".join(said[-LINES_MAX:]))
    if len(failed) > TESTS_MAX:
        print(f"---- and {len(failed) - TESTS_MAX} more")


if __name__ == "__main__":
    main()
