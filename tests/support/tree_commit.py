"""The commit that a run was made at, for what it leaves in build/."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tree_commit():
    """Short name of the commit, "and changes" where the work tree has others; "unknown" without git."""
    told = subprocess.run(["git", "rev-parse", "--short=8", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode != 0:
        return "unknown"
    # With files that git does not know yet: a build takes them, too.
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return told.stdout.strip() + (" and changes" if changed else "")
