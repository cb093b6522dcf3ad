#!/usr/bin/env python3
"""Writes tehran.toml: a made-up but plausible city of service offices.

Nothing in it is a register of real offices or persons. Names are drawn from lists of common names,
codes are district + serial, and points are scattered around rough centres of the 22 districts
(approximate, not the official boundaries). With --outline, a GeoJSON outline of Tehran County,
every point is also required to lie inside it. The output is a function of the seed alone:
the same seed and outline give the same bytes.
"""
import argparse
import json
import math
import random

# Rough centre of each district (latitude, longitude), its radius in kilometres, and how many offices it has.
# 22 districts x 2 offices, and a third one in the six districts with the most building work: 50.
DISTRICTS = {
    1: (35.801, 51.459, 2.6, 3), 2: (35.757, 51.364, 2.6, 3), 3: (35.768, 51.424, 2.0, 3),
    4: (35.742, 51.532, 2.8, 3), 5: (35.749, 51.302, 2.6, 3), 6: (35.724, 51.405, 1.8, 3),
    7: (35.722, 51.446, 1.5, 2), 8: (35.725, 51.498, 1.4, 2), 9: (35.683, 51.318, 1.4, 2),
    10: (35.683, 51.367, 1.0, 2), 11: (35.680, 51.395, 1.2, 2), 12: (35.681, 51.426, 1.4, 2),
    13: (35.707, 51.512, 1.4, 2), 14: (35.674, 51.471, 1.6, 2), 15: (35.633, 51.478, 2.0, 2),
    16: (35.640, 51.409, 1.5, 2), 17: (35.654, 51.363, 1.0, 2), 18: (35.653, 51.296, 2.0, 2),
    19: (35.622, 51.367, 1.6, 2), 20: (35.595, 51.438, 1.8, 2), 21: (35.701, 51.226, 2.4, 2),
    22: (35.745, 51.212, 2.4, 2),
}

FIRST = ("علی رضا محمد حسین مهدی امیر سعید حمید نادر کاوه بهرام فرهاد آرش بابک سیاوش "
         "زهرا مریم فاطمه سارا لیلا نرگس شیرین مینا الهام نسرین پریسا سمیه آزاده هدی رویا").split()
LAST = ("احمدی محمدی حسینی رضایی کریمی موسوی جعفری صادقی رحیمی نوری قاسمی کاظمی "
        "اکبری مرادی عباسی یوسفی شریفی نجفی امینی طاهری زمانی فرهادی سلیمانی حیدری "
        "باقری میرزایی داوودی پناهی ملکی بهرامی").split()

# Of the people of each kind, by their first skill.
DEGREES = {"file": "associate", "inspect": "bachelor", "review": "bachelor", "confirm": "master"}
LICENSEE_BASE, MANAGER_BASE, EXPERT_BASE = 1_000_000, 1_100_000, 2_000_000
DAY = 420  # working minutes, 07:30-14:30

# Templates of the stages; every number is a default of the catalogue, not a rule of the program.
STAGES = {
    "file_formation": dict(skill="file", effort_minutes=30, sla_minutes=1 * DAY),
    "site_inspection": dict(skill="inspect", effort_minutes=60, sla_minutes=2 * DAY, confirmer="office_head",
                            needs_appointment=True, field_lease=True),
    "admin_processing": dict(skill="admin", effort_minutes=45, sla_minutes=2 * DAY),
    "plan_review": dict(skill="review", effort_minutes=120, effort_complex_minutes=240, sla_minutes=4 * DAY,
                        confirmer="second_reviewer_above_area"),
    "municipal_decision": dict(skill="confirm", effort_minutes=0, sla_minutes=1 * DAY, sovereign=True),
    "permit_delivery": dict(skill="deliver", effort_minutes=15, sla_minutes=1 * DAY, needs_decision=True),
}
CODES = {1: "file_formation", 2: "site_inspection",
         "2 if built": dict(stage="site_inspection", only_if_built=True), 3: "admin_processing", 4: "plan_review",
         "D": "municipal_decision", 5: "permit_delivery"}
SERVICES = [
    ("NEW_BUILD", "پروانه احداث بنا", (1, 2, 3, 4, "D", 5)),
    ("DEMOLISH_REBUILD", "تخریب و نوسازی", (1, 2, 3, 4, "D", 5)),
    ("EXTENSION", "توسعه / اضافه‌اشکوب", (1, 2, 3, 4, "D", 5)),
    ("PLAN_AMENDMENT", "اصلاح / تغییر نقشه", (1, "2 if built", 3, 4, "D", 5)),
    ("RENEWAL", "تمدید پروانه", (1, 3, "D", 5)),
    ("REPAIR", "پروانه تعمیرات", (1, 2, 3, "D", 5)),
    ("COMPLETION", "پایان کار ساختمان", (1, 2, 3, 4, "D", 5)),
    ("COMPLETION_UNIT", "پایان کار آپارتمان", (1, 2, 3, "D", 5)),
    ("NO_VIOLATION", "گواهی عدم خلاف", (1, 2, 3, "D", 5)),
    ("INQUIRY", "پاسخ استعلام", (1, 2, 3, "D", 5)),
    ("SUBDIVIDE_MERGE", "تفکیک / تجمیع", (1, 2, 3, 4, "D", 5)),
    ("SUPERVISOR_REPORT", "گزارش مهندس ناظر", (1, 3)),
]
ORGANISATIONS = [
    (1, "municipal", "شهرداری تهران"),
    (2, "other", "آب و فاضلاب"),
    (3, "other", "توزیع برق"),
]


def rings(path):
    with open(path, encoding="utf-8") as file:
        geometry = json.load(file)["features"][0]["geometry"]
    assert geometry["type"] == "MultiPolygon"
    return [polygon[0] for polygon in geometry["coordinates"]]


def inside(outline, lat, lon):
    """Even-odd rule over the outer rings; without an outline every point counts."""
    if outline is None:
        return True
    hit = False
    for ring in outline:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                hit = not hit
    return hit


def scatter(rng, outline, district):
    """A point within the district's radius. Districts 1 and 20 reach into Shemiranat and Rey, two other
    counties, so the outline does not bind where the centre itself lies outside."""
    lat, lon, radius, _ = DISTRICTS[district]
    bound = outline if inside(outline, lat, lon) else None
    while True:
        distance = radius * math.sqrt(rng.random())
        angle = 2 * math.pi * rng.random()
        y = lat + distance * math.sin(angle) / 110.9
        x = lon + distance * math.cos(angle) / (111.3 * math.cos(math.radians(lat)))
        if inside(bound, y, x):
            return [round(y, 6), round(x, 6)]


def name(rng):
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def value(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, float):
        return f"{v:.6f}"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(value(x) for x in v) + "]"
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{k} = {value(x)}" for k, x in v.items()) + " }"
    assert len(v.encode()) <= 39, v  # labels are stored in 39 bytes
    return '"' + v + '"'


def row(fields):
    return "  { " + ", ".join(f"{k} = {value(v)}" for k, v in fields.items()) + " },"


def crew(size):
    """Splits an office: one head, a deputy from 16 people on, the rest by the catalogue's effort per skill."""
    heads = 1 if size < 16 else 2
    rest = size - heads
    inspectors = max(2, round(rest * 0.32))
    reviewers = max(2, round(rest * 0.30))
    return rest - inspectors - reviewers, inspectors, reviewers, heads


def offices_and_experts(rng, outline):
    offices, experts = [], []
    for district, (_, _, _, count) in DISTRICTS.items():
        for serial in range(1, count + 1):
            code = f"{district:02d}{serial:02d}"
            number = len(offices) + 1
            point = scatter(rng, outline, district)
            offices.append(dict(code=code, district=district, label=f"دفتر شهر {persian(code)}",
                                licensee=LICENSEE_BASE + number, technical_manager=MANAGER_BASE + number,
                                point=point))
            # From 8 to 19 people; the first office of a district is the larger one.
            size = rng.randint(11, 19) if serial == 1 else rng.randint(8, 14)
            clerks, inspectors, reviewers, heads = crew(size)
            for skills, members in ((["file", "admin", "deliver"], clerks), (["inspect"], inspectors),
                                    (["review"], reviewers), (["confirm"], heads)):
                for _ in range(members):
                    home = scatter(rng, outline, rng.choice(list(DISTRICTS)))
                    identity = len(experts) + 1
                    experts.append(dict(id=identity, office=code, person=EXPERT_BASE + identity, label=name(rng),
                                        degree=DEGREES[skills[0]], skills=skills, home=home))
    return offices, experts


def persian(digits):
    return "".join("۰۱۲۳۴۵۶۷۸۹"[int(d)] for d in digits)


INTRO = """\
# A sample city: the 22 districts of Tehran with 50 service offices, their experts, the catalogue and the calendar.
# Written by make_city.py (seed {seed}): edit that, or copy this file and edit the copy.
#
# Offices, persons and points are made up. Points were drawn around rough centres of the districts and checked
# against the outline of Tehran County, (c) OpenStreetMap contributors, ODbL.
# The long lists come first because TOML wants plain lists before sections.
"""

SECTIONS = """\
[city]
name = "Tehran"
time_zone = "Asia/Tehran"

[policy]
attempts_max = 5
lease_minutes = 30
claim_wait_minutes = 210  # half a working day: who found no work asks again after the middle of the day
near_equal_count = 3
near_equal_permille = 50
capacity_units_per_day = 14
visits_per_day = 8
appointment_lead_minutes = 60
sla_notify_percent = 75
sla_amber_minutes = 240
sla_district_percent = 125
applicant_silent_days = 90
second_review_area_m2 = 2000
key_retention_minutes = 1440
complex_floors = 5
pair_repeat_visits = 3
pair_repeat_days = 180
confirmation_effort_percent = 25
near_visits = 16  # so many visits of each district are looked at for the one nearest to the inspector
near_slack_minutes = 420  # while the first by deadline has more working time than this
draw_minutes = 60  # jobs due so much later than the first are drawn with it when somebody asks
compared_count = 16  # of the least loaded who wait for work, by the weights that follow
load_weight = 1000  # of a hundredth of load,
travel_weight = 500  # of a kilometre to a visit,
share_weight = 200  # of a hundredth of load of the whole office
zoning_review = "second_reviewer"  # reads a plan review again where the zoning plan leaves doubt
reserved_share_percent = 0  # of the effort an expert is given in a day, for other organisations although municipal work waits
waiting_alarm_minutes = 840  # working time after which work that waits is an alarm: two days of seven hours
lapse_warning_days = 60  # certificates that end so soon are warned of
expert_degree = "associate"  # the least with which an expert's training begins
homes = "when_ended"  # cases of an office whose licence has ended go to other offices by themselves; propose: a supervisor moves them
jobs_in_hand = "returned"  # what the experts of an office that leaves hold comes back at once; finished: at the end of the shift under way

# A working day has {day} minutes. Thursday and Friday are closed.
[calendar]
from = 2015-01-01
until = 2030-12-31
holidays = ["iran-holidays.csv"]
[[calendar.hours]]
saturday = "07:30-14:30"
sunday = "07:30-14:30"
monday = "07:30-14:30"
tuesday = "07:30-14:30"
wednesday = "07:30-14:30"
"""


def write(out, seed, outline):
    rng = random.Random(seed)
    offices, experts = offices_and_experts(rng, outline)
    out.write(INTRO.format(seed=seed))
    for title, rows in (("office", offices), ("expert", experts)):
        out.write(f"\n{title} = [\n" + "\n".join(row(r) for r in rows) + "\n]\n")
    out.write("\n" + SECTIONS.format(day=DAY))
    for number, priority, label in ORGANISATIONS:
        out.write(f"\n[[organisation]]\nid = {number}\npriority = {value(priority)}\nlabel = {value(label)}\n")
    for stage, fields in STAGES.items():
        out.write(f"\n[stage.{stage}]\n" + "".join(f"{k} = {value(v)}\n" for k, v in fields.items()))
    for number, (code, label, stages) in enumerate(SERVICES, 1):
        out.write(f"\n[[service]]  # {code}\nid = {number}\nlabel = {value(label)}\n"
                  f"stages = {value([CODES[s] for s in stages])}\n")
    return offices, experts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1390)
    parser.add_argument("--outline", help="GeoJSON MultiPolygon of Tehran County")
    parser.add_argument("--out", default="tehran.toml")
    args = parser.parse_args()
    outline = rings(args.outline) if args.outline else None
    with open(args.out, "w", encoding="utf-8") as out:
        offices, experts = write(out, args.seed, outline)
    kinds = {}
    for expert in experts:
        kinds[expert["skills"][0]] = kinds.get(expert["skills"][0], 0) + 1
    print(f"{len(offices)} offices, {len(experts)} experts: {kinds}")


if __name__ == "__main__":
    main()
