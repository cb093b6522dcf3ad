#!/usr/bin/env python3
"""The story that the README points to ends well, and a step that goes wrong ends it with the step's own words.

Goal: from a licensing round to the first permits, with a plan that is returned, a visit that is repeated, a refusal
and fees that are not paid, and a trail that verifies. Method: script/story itself, which checks each chapter; once as
it is, once with a catalogue that has no delivery.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT  # noqa: E402


def play(root, *arguments):
    return subprocess.run([root / "script/story", *arguments], capture_output=True, text=True, timeout=600,
                          env={**os.environ, "PERMITD_BIN": str(BIN)}, stdin=subprocess.DEVNULL)


class Story(unittest.TestCase):
    def test_from_a_round_to_the_first_permits(self):
        done = play(ROOT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1],
                         "Four permits were delivered, one was refused, and the trail proves it.")
        at = 0
        for text in ("permitctl licence rank --round 1", "--reason noAccess", "1 by fourEyes", "the lot with seed",
                     "the stairs are too narrow", "rework", "Case 4 is rejected.", "The fees are not recorded as paid.",
                     "refused (wrongState, state): reassign", "the trail holds"):
            self.assertIn(text, done.stdout[at:])
            at = done.stdout.index(text, at)

    def test_a_city_without_delivery_is_noticed(self):
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch)
            shutil.copytree(ROOT / "city", copy / "city")
            (copy / "script").mkdir()
            shutil.copy(ROOT / "script/story", copy / "script/story")
            city = copy / "city/story.toml"
            city.write_text(city.read_text().replace(', "permit_delivery"]', "]"))
            done = play(copy, "--quiet")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("script/story: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
