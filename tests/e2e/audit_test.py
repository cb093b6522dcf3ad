#!/usr/bin/env python3
"""Audit trails and questions to the past, from the files of a daemon that was stopped.

Goal: a trail tells every op, its check finds and locates whatever is done to it, and the past answers
as it did when it was the present. Method: a story with every kind of choice, its trail, and hands on it.
"""

import fcntl
import hashlib
import json
import re
import subprocess
import sys
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon  # noqa: E402

MINIMAL = ROOT / "city/minimal.toml"


def run(*arguments):
    return subprocess.run([BIN / "permitctl", *map(str, arguments)], capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)


def chained(lines):
    """The trail with its hashes computed anew, as somebody would who wants it to look whole."""
    out, last = [], json.loads(lines[0])["previous"]
    for line in lines:
        text = line[:line.rindex(',"hash":')]
        last = hashlib.sha256((last + text).encode()).hexdigest()
        out.append(f'{text},"hash":"{last}"}}')
    return out


class Story(unittest.TestCase):
    """One daemon's life, shared by all tests: what it answered on the way is kept."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon = Daemon().start()
        cls.addClassCleanup(daemon.close)
        daemon.ctl("city", "load", "--yes", MINIMAL)
        daemon.ctl("policy", "set", "--yes", "draw_minutes=0")
        for number in range(12):
            daemon.ask("submit", "--district", 1, "--parcel", f"p{number}")
        for expert in range(1, 6):
            daemon.ask("claim", "--as", f"expert:{expert}")
        daemon.ctl("start", 1, "--as", f"expert:{daemon.ask('get', '--job', 1)['holder']}")
        daemon.ctl("hold", 12, "--note", 'an "order"\\', "--yes")
        cls.past = cls.look()
        cls.snapshot_op = daemon.ask("snapshot")["op"]
        daemon.ctl("done", 1, "--as", f"expert:{daemon.ask('get', '--job', 1)['holder']}")
        daemon.ctl("absent", 3, "--to", "+4h", "--note", "ill", "--yes")
        # Everybody waits: what comes now is a lottery among near-equals.
        daemon.ctl("advance", "+1d")
        for expert in (1, 2, 3, 4, 5):
            daemon.ask("claim", "--as", f"expert:{expert}", 5)
        for number in range(20):
            daemon.ask("submit", "--district", 1, "--parcel", f"q{number}")
        daemon.ctl("reassign", 25, "--to", 4, "--note", "knows it", "--yes", check=None)
        # The day is over: what it was drawn from is opened.
        daemon.ctl("advance", "+1d")
        cls.lottery = daemon.ask("audit", "lottery", "--as", "office:101")
        cls.digest = daemon.digest()
        cls.now = daemon.ask("health")["now"]
        cls.stats = daemon.ask("stats")
        daemon.stop()
        cls.trail = daemon.root / "all.trail"
        cls.exported = run("audit", "export", cls.trail, "--data", daemon.data)
        assert cls.exported.returncode == 0, cls.exported.stderr
        cls.lines = cls.trail.read_text().splitlines()

    @classmethod
    def look(cls):
        daemon = cls.daemon
        return {"op": daemon.digest()[0], "digest": daemon.ask("digest"), "now": daemon.ask("health")["now"],
                "case": daemon.ask("get", 1), "why": daemon.ask("why", 3), "stats": daemon.ask("stats"),
                "queue": daemon.ask("queue")}

    def verify(self, *arguments, check=0):
        done = run("--json", "audit", "verify", *arguments)
        self.assertEqual(done.returncode, check, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def check_lines(self, lines, *arguments, check=5):
        file = self.daemon.root / f"tampered-{self.id()}.trail"
        file.write_text("".join(line + "\n" for line in lines))
        found = self.verify(file, *arguments, check=check)
        return [(finding["line"], finding["what"]) for finding in found["found"]]


class Trail(Story):
    def test_every_op_is_told_and_the_trail_holds(self):
        answer = self.verify(self.trail)
        op, digest = self.digest
        self.assertEqual((answer["from"], answer["to"], answer["commands"]), (1, op, op))
        self.assertEqual((answer["findings"], answer["state"]), (0, digest))
        self.assertGreater(answer["lotteries"], 0)
        self.assertIn(answer["hash"], self.exported.stderr)
        self.verify(self.trail, "--expect", answer["hash"])
        self.verify(self.trail, "--expect", "0" * 64, check=5)
        told = run("audit", "verify", self.trail).stdout
        self.assertIn("Proved from the trail alone are the draws", told)
        self.assertIn("permitd --verify", told)

    def test_who_when_what_before_after_why(self):
        records = [json.loads(line) for line in self.lines[1:-1]]
        hold = next(record for record in records if record["command"] == "hold")
        self.assertEqual((hold["actor"], hold["note"]), ("supervisor:1", 'an "order"\\'))
        change = next(event for event in hold["events"] if event["event"] == "jobChanged")
        self.assertEqual((change["job"], change["before"], change["after"], change["reason"]),
                         (12, "ready", "held", "supervisorOrder"))
        ways = {decision["by"] for record in records for decision in record.get("decisions", ())}
        self.assertLessEqual({"claim", "offer"}, ways)

    def test_what_was_asked_stands_in_plain_members(self):
        submitted = next(json.loads(line) for line in self.lines if '"command":"submit"' in line)
        told = submitted["is"]
        self.assertEqual((told["parcel"], told["district"], told["office"], told["organisation"]), ("p0", 1, 101, 1))
        self.assertLessEqual({"owner", "designer", "floors", "areaM2", "service", "point"}, told.keys())
        self.assertNotIn("was", submitted)
        claimed = next(json.loads(line) for line in self.lines if '"command":"claim"' in line)
        self.assertEqual(claimed["is"]["wanted"], 1)
        held = next(json.loads(line) for line in self.lines if '"command":"hold"' in line)
        self.assertEqual((held["was"]["state"], held["is"]["state"]), ("ready", "held"))

    def test_it_comes_in_parts_too(self):
        op, _ = self.digest
        parts = [self.daemon.root / f"part{number}.trail" for number in (1, 2, 3)]
        self.assertEqual(run("audit", "export", parts[0], "--data", self.daemon.data, "--to", 17).returncode, 0)
        for before, part, to in ((parts[0], parts[1], ("--to", 40)), (parts[1], parts[2], ())):
            done = run("audit", "export", part, "--data", self.daemon.data, "--after", before, *to)
            self.assertEqual(done.returncode, 0, done.stderr)
        answer = self.verify(*parts)
        self.assertEqual((answer["from"], answer["to"], answer["commands"]), (1, op, op))
        self.assertEqual(answer["state"], self.digest[1])
        found = self.verify(parts[0], parts[2], check=5)["found"]
        self.assertIn("begins at op 41, the file before ended with op 17", [finding["what"] for finding in found])

    def test_what_cannot_be_told_is_said(self):
        data = self.daemon.data
        self.assertIn("Name a file that is not there yet", run("audit", "export", self.trail, "--data", data).stderr)
        beyond = run("audit", "export", self.daemon.root / "x", "--data", data, "--to", 10**9)
        self.assertEqual((beyond.returncode, "the last one is" in beyond.stderr), (1, True))
        self.assertIn("no whole audit trail",
                      run("audit", "export", "-", "--data", data, "--after", MINIMAL).stderr)
        self.assertEqual(run("audit", "verify", self.daemon.root / "nothing").returncode, 2)


class Lottery(Story):
    """What was committed to before the day and opened after it."""

    def turns(self):
        return [json.loads(line) for line in self.lines if '"command":"turnLottery"' in line]

    def test_a_secret_is_committed_to_and_opened(self):
        turns = [record["lottery"] for record in self.turns()]
        self.assertGreaterEqual(len(turns), 3)
        self.assertNotIn("opened", turns[0])
        for before, turn in zip(turns, turns[1:]):
            self.assertEqual(hashlib.sha256(bytes.fromhex(turn["opened"])).hexdigest(), before["commitment"])
            self.assertGreater(turn["day"], before["day"])
        self.assertEqual(len({turn["commitment"] for turn in turns}), len(turns))

    def test_everybody_may_see_what_is_committed_to(self):
        last, before = self.turns()[-1]["lottery"], self.turns()[-2]["lottery"]
        self.assertEqual(self.lottery, {"turns": len(self.turns()), "day": last["day"],
                                        "commitment": last["commitment"], "openedDay": before["day"],
                                        "openedCommitment": before["commitment"], "opened": last["opened"]})

    def test_all_chance_of_the_days_that_are_over_follows_from_their_secrets(self):
        answer = self.verify(self.trail)
        first, last = self.turns()[0], self.turns()[-1]
        self.assertEqual(answer["secrets"], len(self.turns()) - 1)
        in_batch = [json.loads(line) for line in self.lines[1:-1]]
        proved = [record for record in in_batch if first["op"] < record["batch"] <= last["op"]]
        self.assertEqual((answer["proved"], answer["findings"]), (len(proved), 0))
        self.assertEqual(answer["proved"] + answer["sealed"] + answer["unbound"], answer["commands"])
        lotteries = [record for record in proved
                     if any(len(decision["near"]) > 1 for decision in record.get("decisions", ()))]
        self.assertGreater(len(lotteries), 0)

    def test_a_seed_that_was_chosen_instead_of_drawn_is_found(self):
        """Seed, choice and hashes agree with each other; only the secret tells."""
        index, record = next((i, json.loads(line)) for i, line in enumerate(self.lines)
                             if any(len(decision["near"]) > 1 for decision in json.loads(line).get("decisions", ())))
        decision = next(decision for decision in record["decisions"] if len(decision["near"]) > 1)
        mixed = self.mixed
        wanted = next(i for i, candidate in enumerate(decision["near"]) if candidate[0] != decision["chosen"])
        seed = next(seed for seed in range(10_000)
                    if (mixed(mixed(seed ^ mixed(decision["job"]))) >> 32) * len(decision["near"]) >> 32 == wanted)
        lines = list(self.lines)
        line = lines[index].replace(f'"seed":"{record["seed"]}"', f'"seed":"{seed:016x}"')
        line = line.replace(f'"seed":"{decision["seed"]}"', f'"seed":"{mixed(seed ^ mixed(decision["job"])):016x}"')
        other = decision["near"][wanted][0]
        line = re.sub(rf'"chosen":{decision["chosen"]},', f'"chosen":{other},', line)
        lines[index] = re.sub(rf'"expert":{decision["chosen"]}\b', f'"expert":{other}', line)
        found = self.check_lines(chained(lines))
        self.assertEqual([line for line, _ in found], [index + 1])
        self.assertIn("does not follow from the secret", found[0][1])

    def with_drawn(self, ways, within='"within":50', wrong=False):
        """The trail as if its first claim had been drawn among jobs of these ways; `wrong`: and not fallen on it."""
        index, record = next((i, json.loads(line)) for i, line in enumerate(self.lines)
                             if any(decision["by"] == "claim" for decision in json.loads(line).get("decisions", ())))
        decision = next(decision for decision in record["decisions"] if decision["by"] == "claim")
        mixed = self.mixed
        for other in range(1_000_000, 1_001_000):
            for place in range(len(ways)):
                visits = [other + number for number in range(len(ways))]
                visits[place] = decision["job"]
                seed = int(record["seed"], 16)
                for visit in visits:
                    seed = mixed(seed ^ mixed(visit))
                fallen = (mixed(seed) >> 32) * len(ways) >> 32 == place
                if fallen != wrong:
                    drawn = ",".join(f"[{visit},{way}]" for visit, way in zip(visits, ways))
                    line = self.lines[index].replace(f'"seed":"{decision["seed"]}"', f'"seed":"{seed:016x}"')
                    line = line.replace(f'"considered":{decision["considered"]}',
                                        f'"considered":{decision["considered"]},"drawn":[{drawn}],{within}', 1)
                    return index + 1, chained([*self.lines[:index], line, *self.lines[index + 1:]])
        raise AssertionError("no jobs give this")

    def check_drawn(self, ways, within, complaint):
        where, lines = self.with_drawn(ways, within)
        found = self.check_lines(lines)
        self.assertEqual([line for line, _ in found], [where])
        self.assertIn(complaint, found[0][1])

    def test_a_claim_is_drawn_again_among_its_visits(self):
        _, lines = self.with_drawn((1000, 1400, 1550))
        self.assertEqual(self.check_lines(lines, check=0), [])
        where, lines = self.with_drawn((1000, 1400, 1550), wrong=True)
        found = self.check_lines(lines)
        self.assertEqual([line for line, _ in found], [where])
        self.assertIn("what was drawn is job", found[0][1])
        for ways in ((1000, 1400, 1551), (1400, 1000)):
            self.check_drawn(ways, '"within":50', "not equally near")

    def test_a_claim_is_drawn_again_among_jobs_about_as_urgent(self):
        within = '"withinMinutes":60'
        _, lines = self.with_drawn((0, 20, 60), within)
        self.assertEqual(self.check_lines(lines, check=0), [])
        where, lines = self.with_drawn((0, 20, 60), within, wrong=True)
        self.assertEqual([line for line, _ in self.check_lines(lines)], [where])
        for ways in ((0, 20, 61), (0, 30, 20), (1, 20), (0,)):
            self.check_drawn(ways, within, "not equally urgent")

    def test_another_secret_than_the_one_committed_to_is_found(self):
        lines = list(self.lines)
        index = max(i for i, line in enumerate(lines) if '"opened":"' in line)
        lines[index] = re.sub(r'"opened":"[0-9a-f]{64}"', f'"opened":"{"ab" * 32}"', lines[index])
        self.assertEqual([line for line, what in self.check_lines(chained(lines))
                          if "is not the one that was committed to" in what], [index + 1])

    @staticmethod
    def mixed(value):
        mask = (1 << 64) - 1
        value = (value + 0x9E3779B97F4A7C15) & mask
        value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & mask
        value = ((value ^ value >> 27) * 0x94D049BB133111EB) & mask
        return value ^ value >> 31


class Search(Story):
    """Questions to the trail, against what a few lines of Python find in it."""

    def search(self, *question, check=0):
        done = run("--json", "audit", "search", self.trail, *question)
        self.assertEqual(done.returncode, check, done.stdout + done.stderr)
        return json.loads(done.stdout) if check == 0 else done.stderr

    def expected(self, fits):
        return [record for record in map(json.loads, self.lines[1:-1]) if fits(record)]

    def test_each_question_finds_what_it_is_about(self):
        def named(what, number):
            return lambda record: any(event.get(what) == number for event in record.get("events", ()))
        middle = json.loads(self.lines[len(self.lines) // 2])["at"]
        day = 24 * 3600 * 1000
        begin = (middle + int(3.5 * 3600 * 1000)) // day * day - int(3.5 * 3600 * 1000)
        date = datetime.fromtimestamp(begin / 1000, timezone(timedelta(hours=3.5))).strftime("%Y-%m-%d")
        for question, fits in (
                (("--case", 7), named("case", 7)),
                (("--job", 12), lambda record: named("job", 12)(record) or any(
                    each["job"] == 12 for each in record.get("decisions", ()))),
                (("--office", "0101", "--limit", 1000), lambda record: named("office", 101)(record) or
                 record["actor"] == "office:101" or any(event.get("actor") == "office:101"
                                                        for event in record.get("events", ()))),
                (("--who", "office:0101"), lambda record: record["actor"] == "office:101"),
                (("--command", "hold,setAbsence"), lambda record: record["command"] in ("hold", "setAbsence")),
                (("--from", date, "--limit", 1000), lambda record: record["at"] >= begin)):
            expected = self.expected(fits)
            self.assertTrue(expected, question)
            self.assertEqual(self.search(*question)["commands"], expected, question)

    def test_it_is_bounded_and_goes_on_where_it_ended(self):
        whole = self.search("--command", "submit", "--limit", 1000)
        self.assertEqual((len(whole["commands"]), whole["next"], whole["cutOff"]), (32, None, False))
        first = self.search("--command", "submit", "--limit", 20)
        rest = self.search("--command", "submit", "--limit", 20, "--cursor", first["next"])
        self.assertEqual(first["commands"] + rest["commands"], whole["commands"])
        self.assertEqual(rest["next"], None)
        done = run("audit", "search", self.trail, "--command", "submit", "--limit", 1)
        self.assertIn("--cursor", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_a_question_that_is_none_is_refused(self):
        for question, words in (((), "needs a question"), (("--who", "nobody"), "--who nobody"),
                                (("--command", "steal"), "--command steal"), (("--from", "+1d"), "--from +1d"),
                                (("--office", "x"), "--office x"), (("--limit", 0, "--case", 1), "--limit"),
                                (("--from", "2025-03-22", "--to", "2025-03-21"), "later than --from")):
            self.assertIn(words, self.search(*question, check=2), question)
        self.assertIn("cannot be read", run("audit", "search", self.daemon.root / "nothing", "--case", 1).stderr)
        self.assertIn("no line of an audit trail", run("audit", "search", MINIMAL, "--case", 1).stderr)


class Key(unittest.TestCase):
    """The file that the secrets are made of."""

    def test_a_restart_goes_on_with_the_day_and_a_lost_key_is_told(self):
        with Daemon() as daemon:
            key = daemon.data / "lottery.key"
            self.assertEqual(key.stat().st_mode & 0o777, 0o600)
            daemon.ctl("city", "load", "--yes", MINIMAL)
            before = daemon.ask("audit", "lottery")
            daemon.stop()
            daemon.start()
            daemon.ask("submit", "--district", 1, "--parcel", "a")
            self.assertEqual(daemon.ask("audit", "lottery"), before)
            daemon.stop()
            key.unlink()
            daemon.start()
            daemon.ask("submit", "--district", 1, "--parcel", "b")
            after = daemon.ask("audit", "lottery")
            self.assertEqual((after["turns"], after["opened"]), (before["turns"] + 1, ""))
            daemon.stop()
            trail = daemon.root / "lost.trail"
            self.assertEqual(run("audit", "export", trail, "--data", daemon.data).returncode, 0)
            done = run("audit", "verify", trail)
            self.assertEqual((done.returncode, "was lost" in done.stdout), (5, True), done.stdout)

    def test_a_key_that_others_can_read_or_that_is_none_stops_the_start(self):
        with Daemon() as daemon:
            key = daemon.data / "lottery.key"
            daemon.stop()
            key.chmod(0o644)
            self.assertIn("chmod 600", daemon.fail_to_start())
            key.chmod(0o600)
            key.write_text("half a key\n")
            self.assertIn("64 hexadecimal digits", daemon.fail_to_start())

    def test_a_refused_start_leaves_no_key(self):
        with Daemon() as daemon:
            key, written = daemon.data / "lottery.key", daemon.data / "FORMAT"
            daemon.stop()
            key.unlink()
            whole = written.read_bytes()
            for spoilt, words in ((b"something else\n", "not a journal's FORMAT"),
                                  (b"permitd journal\nformat 99.0\n", "format 99.0")):
                written.write_bytes(spoilt)
                self.assertIn(words, daemon.fail_to_start())
                self.assertFalse(key.exists(), words)
            written.write_bytes(whole)
            with open(daemon.data / "LOCK", "r+b") as led:
                fcntl.flock(led, fcntl.LOCK_EX)
                self.assertIn("leads this journal", daemon.fail_to_start())
            self.assertFalse(key.exists())
            self.assertEqual(list(daemon.data.glob("lottery*")), [])
            daemon.start()
            self.assertTrue(key.exists())


class Tampering(Story):
    """Line numbers count from 1; the begin line is the first, so op n stands on line n + 1."""

    def with_another_actor(self):
        index = next(i for i, line in enumerate(self.lines) if '"actor":"office:101"' in line)
        lines = list(self.lines)
        lines[index] = lines[index].replace('"actor":"office:101"', '"actor":"office:102"')
        return index, lines

    def test_a_changed_line_is_found_where_it_is(self):
        index, lines = self.with_another_actor()
        self.assertEqual([line for line, _ in self.check_lines(lines)], [index + 1])

    def test_a_removed_line_leaves_a_gap(self):
        found = self.check_lines(self.lines[:30] + self.lines[31:])
        self.assertEqual({line for line, _ in found if line < len(self.lines) - 1}, {31})
        self.assertIn((31, "op 30 is missing before it"), found)

    def test_reordered_lines_are_found(self):
        lines = list(self.lines)
        lines[30], lines[31] = lines[31], lines[30]
        found = self.check_lines(lines)
        self.assertEqual(min(line for line, _ in found), 31)
        self.assertTrue(any("op 30 stands behind op 31" in what for _, what in found))

    def test_an_inserted_line_is_found(self):
        found = self.check_lines(self.lines[:30] + [self.lines[29]] + self.lines[30:])
        self.assertEqual(found[0][0], 31)
        self.assertTrue(any("op 29 stands behind op 29" in what for _, what in found))

    def test_a_trail_without_beginning_or_end_is_found(self):
        self.assertIn("there is no end line", self.check_lines(self.lines[:-1])[-1][1])
        self.assertIn("the begin line is missing", self.check_lines(self.lines[1:])[0][1])

    def test_hashes_computed_anew_do_not_hide_a_changed_choice(self):
        index, record = next((i, json.loads(line)) for i, line in enumerate(self.lines)
                             if any(len(decision["near"]) > 1 for decision in json.loads(line).get("decisions", ())))
        decision = next(decision for decision in record["decisions"] if len(decision["near"]) > 1)
        other = next(expert for expert, _ in decision["near"] if expert != decision["chosen"])
        lines = list(self.lines)
        lines[index] = re.sub(rf'"chosen":{decision["chosen"]},', f'"chosen":{other},', lines[index])
        lines[index] = re.sub(rf'"expert":{decision["chosen"]}\b', f'"expert":{other}', lines[index])
        found = self.check_lines(chained(lines))
        self.assertEqual({line for line, _ in found}, {index + 1})
        self.assertIn(f"seed and candidates give {decision['chosen']}", found[0][1])

    def test_hashes_computed_anew_do_not_hide_another_seed(self):
        index = next(i for i, line in enumerate(self.lines) if '"by":"offer"' in line)
        lines = list(self.lines)
        lines[index] = re.sub(r'"seed":"[0-9a-f]{16}","body"', '"seed":"0000000000000001","body"', lines[index])
        self.assertEqual({line for line, _ in self.check_lines(chained(lines))}, {index + 1})

    def test_hashes_computed_anew_do_not_hide_a_second_holder(self):
        index = next(i for i, line in enumerate(self.lines) if '"after":"assigned"' in line)
        lines = list(self.lines)
        lines[index] = lines[index].replace('"before":"ready","after":"assigned"', '"before":"started","after":"assigned"')
        found = self.check_lines(chained(lines))
        self.assertTrue(any("while somebody holds it" in what for _, what in found), found)

    def test_hashes_computed_anew_end_with_another_hash(self):
        _, lines = self.with_another_actor()
        kept = json.loads(self.lines[-1])["hash"]
        self.assertEqual(self.check_lines(chained(lines), check=0), [])
        self.assertIn("made anew", self.check_lines(chained(lines), "--expect", kept)[0][1])


class ZoningPlan(Story):
    """A version of the zoning plan from its table to the day it is in force."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon = Daemon().start()
        cls.addClassCleanup(daemon.close)
        daemon.ctl("city", "load", "--yes", MINIMAL)
        daemon.ctl("zoning", "load", ROOT / "city/zoning.toml")
        daemon.ctl("zoning", "validate", 1)
        daemon.ctl("zoning", "notify", 1, "--from", "now")
        daemon.ctl("advance", "+1h")
        cls.rules = daemon.ask("zoning", "show", 1)["rules"]
        daemon.stop()
        cls.trail = daemon.root / "zoning.trail"
        cls.exported = run("audit", "export", cls.trail, "--data", daemon.data)
        assert cls.exported.returncode == 0, cls.exported.stderr
        cls.lines = cls.trail.read_text().splitlines()

    def test_each_rule_is_told_by_the_command_that_loads_it(self):
        loaded = [rule for line in self.lines if '"command":"loadZoning"' in line for rule in json.loads(line)["is"]["loaded"]]
        by_zone = {rule["zone"]: rule for rule in loaded}
        self.assertEqual(len(by_zone), len(loaded))
        self.assertEqual(by_zone, {rule["zone"]: rule for rule in self.rules})

    def test_hashes_computed_anew_do_not_hide_another_state_of_before(self):
        self.assertEqual(self.verify(self.trail)["findings"], 0)
        index = next(i for i, line in enumerate(self.lines) if '"before":"validated","after":"notified"' in line)
        lines = list(self.lines)
        lines[index] = lines[index].replace('"before":"validated"', '"before":"loaded"')
        self.assertEqual(self.check_lines(chained(lines)),
                         [(index + 1, "zoning version 1 was validated, the event says loaded")])


class MunicipalFirst(Story):
    """Work of another organisation, once with nothing else there, once beside a municipal job that is not for its expert."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon = Daemon().start()
        cls.addClassCleanup(daemon.close)
        daemon.ctl("city", "load", "--yes", MINIMAL)
        daemon.ctl("org", "enable", 2, "--label", "Water", "--priority", "other", "--yes")
        for number, submission in enumerate((("--organisation", 2), ("--owner", 1001), ("--organisation", 2)), 1):
            daemon.ask("submit", "--district", 1, "--parcel", f"m{number}", *submission)
            if number != 2:
                daemon.ask("claim", "--as", "expert:1")
                daemon.ctl("start", number, "--as", "expert:1")
        cls.stats = daemon.ask("stats")
        daemon.stop()
        cls.trail = daemon.root / "municipal.trail"
        cls.exported = run("audit", "export", cls.trail, "--data", daemon.data)
        assert cls.exported.returncode == 0, cls.exported.stderr
        cls.lines = cls.trail.read_text().splitlines()

    def changed(self, what, by):
        """Findings after the last such text was replaced and the hashes were computed anew."""
        index = max(i for i, line in enumerate(self.lines) if what in line)
        lines = list(self.lines)
        lines[index] = lines[index].replace(what, by)
        found = self.check_lines(chained(lines))
        self.assertEqual({line for line, _ in found}, {index + 1}, found)
        return " ".join(what for _, what in found)

    def test_each_start_for_others_says_what_stood_before_it(self):
        answer = self.verify(self.trail)
        self.assertEqual((answer["startsOfOthers"], answer["startsAlone"], answer["findings"]), (2, 1, 0))
        told = [json.loads(line)["municipal"] for line in self.lines if '"municipal":{' in line]
        self.assertEqual(told, [{"waiting": [0, 0], "fitting": [0, 0]},
                                {"waiting": [0, 1], "fitting": [0, 0], "removed": {"conflict": 1}}])
        self.assertEqual(self.stats["municipalFirstViolations"], 0)

    def test_a_start_before_municipal_work_is_found(self):
        self.assertIn("could take 1 municipal jobs", self.changed('"fitting":[0,0],"removed":{"conflict":1}', '"fitting":[0,1]'))

    def test_what_stood_before_it_cannot_be_left_out(self):
        told = ',"municipal":{"waiting":[0,1],"fitting":[0,0],"removed":{"conflict":1}}'
        self.assertIn("nothing says what stood before it", self.changed(told, ""))
        self.assertIn("those that fit and those removed are not", self.changed(',"removed":{"conflict":1}', ""))

    def test_more_than_there_was_is_found(self):
        self.assertIn("in the whole trail 1 wait",
                      self.changed('[0,1],"fitting":[0,0],"removed":{"conflict":1}', '[0,2],"fitting":[0,0],"removed":{"conflict":2}'))

    def test_a_job_does_not_become_municipal(self):
        self.assertIn("job 3 was other, the event says municipal",
                      self.changed('"class":"other","before":"assigned"', '"class":"municipal","before":"assigned"'))


class Past(Story):
    def as_of(self, moment, *question, check=0):
        done = run("--json", "asof", moment, "--data", self.daemon.data, *question)
        self.assertEqual(done.returncode, check, done.stdout + done.stderr)
        return json.loads(done.stdout) if check in (0, 1) else done.stderr

    def test_the_past_answers_as_it_did(self):
        past = self.past
        self.assertEqual(self.as_of(past["op"], "digest"), past["digest"])
        self.assertEqual(self.as_of(past["op"], "get", 1), past["case"])
        self.assertEqual(self.as_of(past["op"], "why", 3), past["why"])
        self.assertEqual(self.as_of(past["op"], "queue")["jobs"], past["queue"]["jobs"])
        memory = {"memoryBytes"}
        strip = lambda stats: {name: value for name, value in stats.items() if name not in memory}
        self.assertEqual(strip(self.as_of(past["op"], "stats")), strip(past["stats"]))
        self.assertEqual(strip(self.as_of(self.digest[0], "stats")), strip(self.stats))

    def test_every_op_has_a_state(self):
        for op in (1, self.snapshot_op - 1, self.snapshot_op, self.snapshot_op + 1):
            self.assertEqual(self.as_of(op, "digest")["op"], op)

    def test_a_moment_is_what_had_happened_by_then(self):
        answer = self.as_of("2025-03-21 12:00", "stats")  # before the clock moved a day on
        self.assertLessEqual(answer["now"], 1742545800000)
        self.assertEqual((answer["casesSubmitted"], self.stats["casesSubmitted"]), (12, 32))
        self.assertGreaterEqual(answer["op"], self.past["op"])
        self.assertEqual(self.as_of("2026-01-01", "digest")["op"], self.digest[0])

    def test_questions_are_answered_too(self):
        self.assertEqual(self.as_of(self.past["op"], "forecast")["op"], self.past["op"])
        self.assertEqual(self.as_of(self.past["op"], "fairness", "--as", "auditor:1")["op"], self.past["op"])
        self.assertEqual(self.as_of(self.past["op"], "get", 4711, check=1)["refused"]["codeName"], "unknownCase")

    def test_the_rules_of_then_are_told_too(self):
        for question in ("licence status", "licence list", "zoning list", "catalog show", "org list", "policy show", "cert list"):
            with self.subTest(question):
                self.as_of(self.past["op"], *question.split())
        self.assertIn("COMMAND must be one of", self.as_of(10, "policy", "set", check=2))

    def test_the_past_cannot_be_changed_and_does_not_reach_the_future(self):
        before = self.trail.stat().st_size
        self.assertIn("COMMAND must be one of", self.as_of(10, "submit", "--district", 1, check=2))
        self.assertIn("the last one is", run("asof", 10**9, "--data", self.daemon.data, "stats").stderr)
        self.assertIn("MOMENT", self.as_of("soon", "stats", check=2))
        self.assertEqual(self.trail.stat().st_size, before)


if __name__ == "__main__":
    unittest.main()
