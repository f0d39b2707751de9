"""Recomputes the treatment vectors with Python's own calendar, and prints how many there are.

    python3 recompute.py TREATMENTS.csv PSEUDONYM-VECTORS.csv

Whatever the file says otherwise goes to standard error, one line a vector, and the exit code is 1. Nothing here is a
translation of the Go code: ages are found by counting birthdays, weeks by ISO week numbers, days by the difference of
two dates.
"""

import csv
import datetime
import re
import sys

DAY = datetime.timedelta(days=1)

GROUPS = {
    "white": "WBRI WIRI WIRT WOTH WROM",
    "mixed": "MOTH MWAS MWBA MWBC",
    "asian": "ABAN AIND AOTH APKN CHNE",
    "black": "BAFR BCRB BOTH",
    "other": "OOTH",
    "unknown": "NOBT REFU",
}


class KeptBack(Exception):
    """The cell breaks a rule of the return: its row is not treated."""


def day_of(text):
    """A whole date in one of the two forms of the return."""
    for form, pattern in (("%d/%m/%Y", r"\d\d/\d\d/\d{4}"), ("%Y-%m-%d", r"\d{4}-\d\d-\d\d")):
        if re.fullmatch(pattern, text):
            try:
                return datetime.datetime.strptime(text, form).date()
            except ValueError:
                raise KeptBack from None
    raise KeptBack


def partial_of(text):
    """A date and how finely it is known: day, month, year, or nothing at all."""
    text = text.upper()
    if text == "ZZ/ZZ/ZZZZ":
        return None, ""
    if text.startswith("ZZ/ZZ/"):
        return day_of("01/01/" + text[6:]), "year"
    if text.startswith("ZZ/"):
        return day_of("01/" + text[3:]), "month"
    return day_of(text), "day"


def code_of(text, codes):
    for form in (text, text.upper()):
        if form in codes:
            return form
    raise KeptBack


def number_of(text, low, high):
    if not re.fullmatch(r"-?\d+(\.0)?", text):
        raise KeptBack
    n = int(text.removesuffix(".0"))
    if not low <= n <= high:
        raise KeptBack
    return n


def monthly_birthday(birth, months):
    """The day on which a number of months is completed: a day that the month does not have is the first of the next."""
    month = birth.month - 1 + months
    year, month = birth.year + month // 12, month % 12 + 1
    try:
        return datetime.date(year, month, birth.day)
    except ValueError:
        return datetime.date(year + month // 12, month % 12 + 1, 1)


def months_of_age(birth, on):
    months = 0
    while monthly_birthday(birth, months + 1) <= on:
        months += 1
    return months


def years_of_age(birth, on):
    years = 0
    while monthly_birthday(birth, 12 * (years + 1)) <= on:
        years += 1
    return years


def first_of(to, day):
    if to == "week":
        year, week, _ = day.isocalendar()
        return datetime.date.fromisocalendar(year, week, 1)
    while not (
        to == "day"
        or day.day == 1
        and (to == "month" or to == "quarter" and day.month in (1, 4, 7, 10) or to == "year" and day.month == 1)
    ):
        day -= DAY
    return day


def range_of(n, edges, highest):
    """The range of a number in words: numbers padded to one width, the last range open where there is no highest."""
    width = max(len(str(abs(e))) for e in edges + ([highest] if highest is not None else []))

    def pad(m):
        return ("-" if m < 0 else "") + str(abs(m)).rjust(width, "0")

    low = max(e for e in edges if e <= n)
    above = [e for e in edges if e > n]
    if above:
        return pad(low) + "-" + pad(min(above) - 1)
    return pad(low) + "+" if highest is None else pad(low) + "-" + pad(highest)


def parameters_of(text):
    """name=words name=words: a word without "=" belongs to the name before it."""
    out, name = {}, None
    for word in text.split():
        if "=" in word:
            name, word = word.split("=", 1)
            out[name] = []
        out[name].append(word)
    return out


def value_of(kind, text):
    """The value of a cell as (value, how finely it is known); (None, "") for an empty one."""
    name, *of = kind.split()
    text = text.strip()
    if text == "":
        return None, ""
    if name == "date":
        return day_of(text), "day"
    if name == "partial-date":
        return partial_of(text)
    if name == "code":
        return code_of(text, of), ""
    if name == "boolean":
        if text.lower() not in ("0", "1", "true", "false"):
            raise KeptBack
        return text.lower() in ("1", "true"), ""
    return number_of(text, int(of[0]), int(of[1])), ""


def treat(row, pseudonyms):
    how, kind = row["treatment"], row["type"]
    p = parameters_of(row["parameters"])
    if how == "constant":
        return "ok", p["value"][0]
    if how == "pseudonym":
        outcome, normalised = pseudonyms[kind.split()[1], row["input"].strip().upper()]
        return ("ok", "pseudonym of " + normalised) if outcome == "ok" else ("unusable: " + outcome, "")
    value, known = value_of(kind, row["input"])
    if value is None:
        return "empty", ""
    if how == "keep":
        if "codes" in p and value not in p["codes"]:
            return "not-agreed", ""
        return "ok", str(value).lower() if kind == "boolean" else str(value)
    if how in ("age_months", "age_years", "age_band"):
        on = datetime.date.fromisoformat(row["reference_date"])
        if value > on:
            return "before-birth", ""
        if how == "age_months":
            return "ok", str(months_of_age(value, on))
        years = years_of_age(value, on)
        return "ok", str(years) if how == "age_years" else range_of(years, [int(b) for b in p["bands"]], None)
    if how in ("date", "days_since"):
        to = p["to"][0] if how == "date" else "day"
        if known == "month" and to in ("day", "week") or known == "year" and to != "year":
            return "imprecise", ""
        begin, end = (datetime.date.fromisoformat(d) for d in row["period"].split("/"))
        if not begin <= value <= end:
            return "out-of-period", ""
        if how == "date":
            return "ok", first_of(to, value).isoformat()
        events = [datetime.date.fromisoformat(e) for e in p["events"] if e != "none"]
        if not events:
            return "no-event", ""
        event = {"earliest": min, "latest": max}[p["pick"][0]](events)
        return "ok", str((value - event).days)
    if how == "code_map":
        if "map" in p:
            return "ok", next(group for group, codes in GROUPS.items() if value in codes.split())
        return "ok", dict(pair.split(":") for pair in p["codes"])[value]
    if how == "flag":
        return "ok", str(value in p["codes"]).lower()
    if how == "band":
        low, high = (int(n) for n in kind.split()[1:])
        return "ok", range_of(value, [low] + [int(e) for e in p["edges"]], high)
    raise ValueError("there is no such treatment")


def main(treatments, vectors):
    pseudonyms = {}
    with open(vectors, newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            pseudonyms[row["domain"], row["raw"].strip().upper()] = row["outcome"], row["normalised"]
    wrong = count = 0
    with open(treatments, newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            count += 1
            try:
                got = treat(row, pseudonyms)
            except KeptBack:
                got = "kept-back", ""
            if got != (row["outcome"], row["output"]):
                wrong += 1
                print(row["treatment"], row["case"], got, "and not", (row["outcome"], row["output"]), file=sys.stderr)
    print(count)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
