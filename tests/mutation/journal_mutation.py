#!/usr/bin/env python3
"""Breaks journal, snapshots and recovery in one place at a time and asks whether a test notices.

All mutants are compiled at once: each place asks a number from the environment which way to go. A mutant
is killed when one of the concerned tests fails, aborts or does not end. Slow (minutes), so nobody runs it
unasked:

    tests/mutation/journal_mutation.py [--work DIRECTORY] [--only N,N] [--seeds N]

Prints a line per mutant and the survivors at the end; exit code 1 when one survived that is not explained.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120

# File, what stands there, and what stands there instead. Expressions end without a semicolon.
SCAN, STORAGE, FILES = "daemon/journal_scan.cc", "daemon/journal_storage.cc", "daemon/journal_files.cc"
KEEPER, READER, SNAPSHOT = "daemon/journal_keeper.cc", "daemon/journal_reader.cc", "daemon/snapshot_file.cc"
RECOVERY, SHADOW, ENGINE = "daemon/recovery.cc", "daemon/snapshotter.cc", "daemon/engine.cc"
FORMAT = "protocol/journal_format.cc"
PLACES = [
    (SCAN, "header_.frame == end_.frame + 1", ["true"]),
    (SCAN, "header_.previous == end_.hash", ["true"]),
    (SCAN, "header_.first_op == end_.next_op", ["true"]),
    (SCAN, "header_.epoch >= end_.epoch", ["true"]),
    (SCAN, "header_.now_ms >= end_.now_ms", ["true"]),
    (SCAN, "is_whole(header_, payload_, hasher_) ? Look::kWhole : Look::kTorn", ["Look::kWhole"]),
    (SCAN, "*found != Look::kWhole || !continues()", ["*found == Look::kNothing || !continues()"]),
    (SCAN, "header.frame_durable > tail_.end.frame",
     ["false", "header.frame_durable > tail_.end.frame + 1", "header.frame_durable >= tail_.end.frame"]),
    (SCAN, "tail_.cut_frames.push_back(position);", [";"]),
    (SCAN, "snapshot_op >= tail.end.next_op", ["false", "snapshot_op > tail.end.next_op"]),
    (SCAN, "found ? protocol::frame_size(header.payload_size) : kBlockSize", ["kBlockSize"]),
    (SCAN, "found && *found != Look::kWhole && was_read_before", ["false"]),
    (STORAGE, "if (auto cut_done = cut(*tail); !cut_done) return std::unexpected(cut_done.error());", [";"]),
    (STORAGE, "epoch_ = end_.epoch + 1;", ["epoch_ = end_.epoch;"]),
    (STORAGE, "room_here() < 2 * kBlockSize", ["room_here() < kBlockSize"]),
    (STORAGE, "room_here() >= protocol::kFrameSizeMax || keeper_->front() != nullptr", ["true"]),
    (STORAGE, "failure_ || in_flight_ == slots_.size()", ["failure_.has_value()"]),
    (STORAGE, "room_here() < size", ["false"]),
    (STORAGE, "result.result == static_cast<std::int64_t>(slot.size) || failure_",
     ["result.result > 0 || failure_", "true"]),
    (STORAGE, "!slot.busy || !slot.done", ["!slot.busy"]),
    (STORAGE, "frame.previous = end_.hash;", [";"]),
    (STORAGE, "frame.frame_durable = frame_durable_;",
     ["frame.frame_durable = 0;", "frame.frame_durable = end_.frame;"]),
    (STORAGE, "frame.op_durable = op_durable_;", [";"]),
    (STORAGE, "left.last_frame > frame_durable_", ["true", "false"]),
    (STORAGE, "segments_[count].last_op <= raw(op)", ["true"]),
    (STORAGE, "segments_[count + 1].first_frame <= frame_durable_", ["true"]),
    (STORAGE, "std::memset(slot.buffer.data() + used, 0, slot.size - used);", [";"]),
    (STORAGE, "*size != format_.segment_size", ["false"]),
    (STORAGE, "(*numbers)[index] != number", ["false"]),
    (STORAGE, "if (!failure_ && room_here() >= kBlockSize) (void)write_mark(FrameKind::kClose);", [";"]),
    (STORAGE, "segments_.back().last_op = slot.last_op;", [";"]),
    (FILES, "RWF_DSYNC", ["0"]),
    (FILES, "done == static_cast<ssize_t>(bytes.size())", ["done >= 0"]),
    (FILES, "fsync(directory_.number()) == 0", ["true"]),
    (FILES, "checksum != protocol::checksum_of(bytes_of(text->substr(0, end)))", ["false"]),
    (FILES, 'if (fsync(file->number()) != 0)\n    return std::unexpected(system_error("sync " + '
            'path_of("FORMAT.tmp")));', [";"]),
    (FILES, "flock(file.number(), LOCK_EX | LOCK_NB) == 0", ["true"]),
    (FILES, "major != protocol::kJournalVersionMajor", ["false"]),
    (KEEPER, 'if (fsync(file.number()) != 0)\n    return std::unexpected(system_error("sync " + '
             'directory_.path_of(name)));', [";"]),
    (KEEPER, "!size || *size != options_.segment_size", ["false"]),
    (KEEPER, "written != static_cast<ssize_t>(slice)", ["false"]),
    (KEEPER, "for (std::uint64_t number = task.first; number <= task.last; ++number) retire_segment(number);",
     ["for (std::uint64_t number = task.last; number >= task.first; --number) retire_segment(number);"]),
    (SNAPSHOT, 'if (fsync(file_.number()) != 0) return std::unexpected(system_error("sync " + path()));', [";"]),
    (SNAPSHOT, "head.checksum != chunk_checksum(chunk_index_, bytes)", ["false"]),
    (SNAPSHOT, "done_size + expected == mark_.size && hasher_.digest() != mark_.digest", ["false"]),
    (SNAPSHOT, "header.magic != protocol::kSnapshotMagic || header.checksum != record_checksum(header)",
     ["false"]),
    (SNAPSHOT, "footer.checksum == record_checksum(footer)", ["true"]),
    (SNAPSHOT, "head.index != chunk_index_ || head.size != expected", ["false"]),
    (SNAPSHOT, "number < op", ["number <= op"]),
    (SNAPSHOT, "reader->mark().op != op", ["false"]),
    (RECOVERY, "mark.op > last", ["false"]),
    (RECOVERY, "header.first_op != behind(scheduler.op_applied())", ["false"]),
    (RECOVERY, "decoder.is_broken() || applied != header.op_count", ["false"]),
    (RECOVERY, "loaded && source.size == mark.size && scheduler.op_applied() == op", ["loaded"]),
    (RECOVERY, "scheduler.op_applied() == lead->last_op", ["true"]),
    (SHADOW, "older.op >= mark->op", ["older.op > mark->op"]),
    (ENGINE, "pending.front().release_op <= stats_.op_durable", ["true"]),
    (ENGINE, "events.front().op <= stats_.op_durable", ["true"]),
    (ENGINE, "std::max(clock_.now(), scheduler_.now())", ["clock_.now()"]),
    (ENGINE, "port.responses_.room(port.in_flight_ + 1) <= port.in_flight_", ["false"]),
    (FORMAT, "header.checksum != header_checksum(header)", ["false"]),
    (FORMAT, "header.segment != place.segment", ["false"]),
    (FORMAT, "header.journal_id != place.journal_id", ["false"]),
    (FORMAT, "hasher.hash(header, payload) == header.hash", ["true"]),
    (READER, "frame.first_op + frame.op_count - 1 > raw(last)", ["false"]),
    (READER, "next_op_ > raw(last)", ["false"]),
]

# Survivors that change nothing anybody could see, and why.
EXPLAINED = {
    "frame.op_durable = op_durable_;": "told for whoever reads a journal by hand; proofs go by frame_durable",
    "std::memset(slot.buffer.data() + used, 0, slot.size - used);": "nothing reads what lies behind a payload",
    'if (fsync(file->number()) != 0)\n    return std::unexpected(system_error("sync " + '
    'path_of("FORMAT.tmp")));': "the bytes were written durably; the sync covers the size as well",
}

TESTS = ["unit_snapshot_file_test", "unit_recovery_test", "unit_journal_storage_test",
         "crash_journal_torn_test", "sim_simulation_test"]

HEADER = """// Which mutant runs.
#pragma once

#include <cstdlib>

inline bool mutant_is(int number) {
  static const char* const chosen = std::getenv("PERMITD_MUTANT");
  static const int wanted = chosen == nullptr ? 0 : std::atoi(chosen);
  return wanted == number;
}
"""


def mutants():
    """[(number, file, old, new)], in the order of PLACES."""
    number = 0
    for file, old, news in PLACES:
        for new in news:
            number += 1
            yield number, file, old, new


def with_mutants(old, numbered):
    if not old.endswith(";"):
        text = f"({old})"
        for number, new in numbered:
            text = f"(mutant_is({number}) ? ({new}) : {text})"
        return text
    text = f"{{ {old} }}"
    for number, new in numbered:
        text = f"if (mutant_is({number})) {{ {new} }} else {text}"
    return text


def make_tree(work):
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    (work / "protocol/mutant.h").write_text(HEADER)
    by_place = {}
    for number, file, old, new in mutants():
        by_place.setdefault((file, old), []).append((number, new))
    for (file, old), numbered in by_place.items():
        path = work / file
        text = path.read_text()
        if old not in text:
            sys.exit(f"{file} does not hold: {old}")
        path.write_text(text.replace(old, with_mutants(old, numbered), 1))
    for file in {file for file, _ in by_place}:
        path = work / file
        path.write_text('#include "protocol/mutant.h"\n' + path.read_text())


def build(work):
    subprocess.run(["cmake", "--preset", "dev", "-DPERMITD_WERROR=OFF"], cwd=work, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", "build/dev", *(f"tests/{test}" for test in TESTS)], cwd=work, check=True,
                   stdout=subprocess.DEVNULL)


def killer(work, number, seeds):
    """The test that notices the mutant, None when none does."""
    environment = dict(os.environ, PERMITD_MUTANT=str(number))
    for test in TESTS:
        command = [str(work / "build/dev/tests" / test)]
        if test.startswith("sim_"):
            command += ["--gtest_filter=*Promises:*InsideAny*", f"--seeds={seeds}", "--no-shrink"]
        try:
            run = subprocess.run(command, cwd=work, env=environment, timeout=TIMEOUT_S,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return f"{test} (does not end)"
        if run.returncode != 0:
            return test
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=ROOT / "build/mutants")
    parser.add_argument("--only", default="")
    parser.add_argument("--seeds", type=int, default=60)
    options = parser.parse_args()
    make_tree(options.work)
    build(options.work)
    if killer(options.work, 0, options.seeds) is not None:
        sys.exit("the tests fail without any mutant")
    only = {int(number) for number in filter(None, options.only.split(","))}
    survivors, killed = [], 0
    for number, file, old, new in mutants():
        if only and number not in only:
            continue
        by = killer(options.work, number, options.seeds)
        killed += by is not None
        print(f"{number:3} {file}: {old.splitlines()[0]} -> {new}: {by or 'SURVIVED'}", flush=True)
        if by is None:
            survivors.append((number, old))
    unexplained = [number for number, old in survivors if old not in EXPLAINED]
    print(f"{killed} killed, {len(survivors) - len(unexplained)} survived and explained, "
          f"{len(unexplained)} not: {unexplained}")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
