#!/usr/bin/env python3
"""What the first tests that failed said last: show_failed.py JUNIT.xml, as ctest writes it."""

import sys
import xml.etree.ElementTree

TESTS_MAX = 8
LINES_MAX = 40


def why_failed(case):
    """Why it counts as failed; None where it does not."""
    if case.get("status") == "fail":
        failure = case.find("failure")
        return (failure.get("message") if failure is not None else "") or "failed"
    skipped = case.find("skipped")
    # A test that skips itself says so; one that could not be started is counted with those that fail.
    if skipped is not None and not skipped.get("message", "").startswith("SKIP_"):
        return f"not run: {skipped.get('message')}"
    return None


def main():
    try:
        cases = list(xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        sys.exit(f"what failed cannot be shown: {error}")
    failed = [(case, why) for case in cases if (why := why_failed(case)) is not None]
    for case, why in failed[:TESTS_MAX]:
        said = (case.findtext("system-out") or "").splitlines()
        print(f"---- {case.get('name')}: {why}{', its last lines' if len(said) > LINES_MAX else ''}")
        print("\n".join(said[-LINES_MAX:]))
    if len(failed) > TESTS_MAX:
        print(f"---- and {len(failed) - TESTS_MAX} more")


if __name__ == "__main__":
    main()
