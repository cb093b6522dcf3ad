#!/usr/bin/env python3
"""Cuts a stretch of days out of a larger file of records, columns untouched.

usage: make_sample.py permits-chicago.csv.gz 2019-05-18 2019-06-22 chicago-2019-05-18.csv.gz
The last day is not included. The output depends on the input and the days alone (no time stamp in the gzip header).
"""
import csv
import gzip
import io
import sys

DATE_COLUMNS = ("issued",)


def main():
    source, first, end, target = sys.argv[1:]
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    header = rows[0]
    column = next(header.index(name) for name in DATE_COLUMNS if name in header)
    chosen = [row for row in rows[1:] if first <= row[column][:10] < end]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header] + chosen)
    with open(target, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out:
        out.write(text.getvalue().encode("utf-8"))
    print(f"{target}: {len(chosen)} records")


if __name__ == "__main__":
    main()
