#!/usr/bin/env python3
"""A city at work whose daemon is killed again and again: nothing acknowledged is lost or done twice.

While permitctl replay plays real records as fast as it can, the daemon gets SIGKILL at random moments. After
each kill the replay is frozen, the dead directory is verified by a replay of its journal, and the
daemon that comes back must have the digest of that very state. At the end the replay compares every
submission it was acknowledged with what the city holds, and the job counts must add up. The control is a
copy of the final directory without its last frame: it must not pass for the same state.

    kill9_test.py [--kills N] [--seed S]     PERMITD_KILLS and PERMITD_SEED do the same
"""

import argparse
import os
import random
import shutil
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import CITY, RECORDS, Daemon, Failed, Player, verify  # noqa: E402

# Longest life of a daemon between two kills, in seconds; the shortest is none at all.
LIFE_MAX = 0.25

BLOCK = 4096  # protocol/FORMAT.md: frames begin with one, and with this
MAGIC = b"PERMITJ1"


class Killing:
    def __init__(self, daemon, player, chance):
        self.daemon = daemon
        self.player = player
        self.chance = chance
        self.kills = 0
        self.compared = 0
        self.last_op = 0

    def once(self):
        time.sleep(self.chance.uniform(0, LIFE_MAX))
        self.player.freeze()
        self.daemon.kill()
        self.kills += 1
        dead = verify(self.daemon.data)
        if dead[0] < self.last_op:
            raise Failed(f"kill {self.kills}: op {self.last_op} was answered, the journal ends at {dead[0]}")
        self.daemon.start()
        alive = self.daemon.digest()
        # A timer that was due at the moment of the kill fires on the way up; then the state has moved on.
        if alive[0] == dead[0]:
            if alive != dead:
                raise Failed(f"kill {self.kills}: the journal gives {dead}, the daemon has {alive}")
            self.compared += 1
        elif alive[0] < dead[0]:
            raise Failed(f"kill {self.kills}: the journal reaches op {dead[0]}, the daemon {alive[0]}")
        self.last_op = alive[0]
        self.player.thaw()


def check_balance(daemon):
    """Jobs made are jobs that ended, were cancelled or are open, stage by stage."""
    stats = daemon.ask("stats")
    stats = stats.get("stats", stats)
    cells = daemon.ask("queue", "--summary")
    if sum(stats["cases"]) != stats["casesSubmitted"]:
        raise Failed(f"cases by state {stats['cases']} do not add up to {stats['casesSubmitted']}")
    made = sum(flow["created"] for flow in stats["flow"])
    ended = sum(flow["done"] + flow["cancelled"] for flow in stats["flow"])
    open_jobs = sum(sum(cell[name] for name in ("blocked", "ready", "scheduled", "assigned", "started", "held",
                                                "confirming"))
                    for cell in cells["cells"])
    if made != ended + open_jobs:
        raise Failed(f"{made} jobs were made, {ended} ended, {open_jobs} are open")
    return made


def lose_the_end(directory):
    """Takes the last frame that holds commands, and what is behind it, out of a journal."""
    frames = []
    for path in directory.glob("journal.*"):
        content = path.read_bytes()
        for at in range(0, len(content), BLOCK):
            # What an earlier life of the segment left there tells another number or block.
            here = (int(path.suffix[1:]), at // BLOCK)
            if content[at:at + 8] != MAGIC or struct.unpack_from("<II", content, at + 16) != here:
                continue
            frame, = struct.unpack_from("<Q", content, at + 32)
            commands, = struct.unpack_from("<I", content, at + 64)
            frames.append((frame, commands, path, at))
    for _, commands, path, at in sorted(frames, reverse=True):
        with open(path, "r+b") as segment:
            segment.seek(at)
            segment.write(bytes(BLOCK))
        if commands:
            return
    raise Failed("the final journal holds no command")


def check_control(daemon, final):
    """The comparison of the end must notice a loss; one that is refused is noticed, too."""
    copy = daemon.root / "control"
    shutil.copytree(daemon.data, copy)
    try:
        if verify(copy) != final:
            raise Failed("a whole copy of the final journal does not give the final state")
        lose_the_end(copy)
        try:
            state = verify(copy)
        except Failed:
            return
        if state == final:
            raise Failed("a journal without its last frame passes for the whole one")
    finally:
        shutil.rmtree(copy)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=int(os.environ.get("PERMITD_KILLS", "25")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("PERMITD_SEED", time.time_ns() % 1_000_000)))
    options = parser.parse_args()
    print(f"kill9: {options.kills} kills, seed {options.seed}", flush=True)

    # Small segments and frequent snapshots, so that kills fall into their making and trimming too.
    daemon = Daemon(start_at="2019-05-18", settings=["journal.segment_size=8 MiB", "engine.snapshot_after_size=2 MiB"])
    player = None
    begin = time.monotonic()
    try:
        daemon.start()
        daemon.ctl("city", "load", "--yes", CITY)
        player = Player(daemon, RECORDS)
        killing = Killing(daemon, player, random.Random(options.seed))
        while killing.kills < options.kills and player.running():
            killing.once()
        player.finish()
        made = check_balance(daemon)
        final = daemon.digest()
        daemon.kill()
        if verify(daemon.data) != final:
            raise Failed("the final journal does not give the final state")
        check_control(daemon, final)
    except Failed as failure:
        print(f"kill9: FAILED (seed {options.seed}): {failure}", file=sys.stderr)
        return 1
    finally:
        if player is not None:
            player.close()
        daemon.close()
    seconds = time.monotonic() - begin
    print(f"kill9: {killing.kills} kills, {killing.compared} digests compared, {made} jobs, op {final[0]}, "
          f"{seconds:.0f} s")
    if killing.kills < options.kills or killing.compared < options.kills * 3 // 4:
        print("kill9: FAILED: the replay was over too soon, or too few states could be compared", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
