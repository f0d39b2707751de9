"""What an analyst would write in an afternoon, with Python's standard library alone: no Parquet, no order of rows.

    python3 script.py plain|cached YYYY-MM EXTRACT OUTPUT

plain works everything out for every row; cached remembers each code and each date that it has met.
"""

import csv
import datetime
import functools
import hashlib
import hmac
import sys

KEY = b"a throw-away key of 32 characters"
KEPT = ["session", "attendance_code", "fsm", "pupil_premium", "ethnicity", "gender"]


def code(kind, identifier):
    return hmac.new(KEY, f"{kind}:{identifier}".encode(), hashlib.sha256).hexdigest()[:32]


def day(text):
    return datetime.datetime.strptime(text, "%d/%m/%Y").date()


def months(born, reference):
    return (reference.year - born.year) * 12 + reference.month - born.month - (born.day > reference.day)


def main():
    form, month, extract, output = sys.argv[1:]
    reference = datetime.date.fromisoformat(month + "-01")
    remember = functools.cache if form == "cached" else lambda function: function
    code_of, day_of = remember(code), remember(day)
    with open(extract, encoding="utf-8", newline="") as source, open(output, "w", encoding="utf-8", newline="") as target:
        out = csv.writer(target)
        out.writerow(["child_id", "school_id", "age_months", "session_month", *KEPT])
        for row in csv.DictReader(source):
            out.writerow(
                [
                    code_of("la_child_id", row["la_child_id"]),
                    code_of("school_urn", row["school_urn"]),
                    months(day_of(row["dob"]), reference),
                    day_of(row["session_date"]).replace(day=1).isoformat(),
                    *(row[name] for name in KEPT),
                ]
            )


if __name__ == "__main__":
    main()
