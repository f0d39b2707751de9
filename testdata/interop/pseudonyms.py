"""Computes the pseudonyms of a demo council's children with nothing but Python's standard library.

    python3 pseudonyms.py KEYS EXTRACTS ORG AGREEMENT EPOCH FROM < codes

KEYS holds the key files `master` and `salts/AGREEMENT.eEPOCH`, unencrypted; EXTRACTS the annual SSDA903 sets; FROM is
the day (YYYY-MM-DD) since which a child must have begun an episode of care to be of the cohort. Standard input is the
column child_id of the drop's children, one a line. Prints how many there are; when they are not exactly the children of
the cohort in the header files, says so on standard error, and the exit status is 1.

Written from the description of scheme p1, not from the Go code: hmac and hashlib only, HKDF by hand (RFC 5869).
"""

import base64
import csv
import glob
import hashlib
import hmac
import os
import sys

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def secret(path):
    """A key file is three lines: what it is, 32 bytes in base64, and a check over both."""
    with open(path, encoding="ascii") as file:
        header, text, check = file.read().rstrip("\n").split("\n")
    key = base64.b64decode(text, validate=True)
    if len(key) != 32 or check != "check " + mac(key, header.encode()).hex()[:16]:
        sys.exit("a key file is not whole")
    return key


def hkdf(master, salt, *info):
    """One block of output is 32 bytes, so expansion is a single step."""
    encoded = [part.encode("utf-8") for part in info]
    joined = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
    return mac(mac(salt, master), joined + b"\x01")


def code(digest):
    number = int.from_bytes(digest[:20], "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(155, -1, -5))


def rows(extracts, name):
    for path in sorted(glob.glob(os.path.join(extracts, "*", name + ".csv"))):
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)


def main():
    keys, extracts, org, agreement, epoch, since = sys.argv[1:]
    key = hkdf(
        secret(os.path.join(keys, "master")),
        secret(os.path.join(keys, "salts", "%s.e%s" % (agreement, epoch))),
        "postern/pseudonym/v1", org, agreement, epoch, "child/la-child-id",
    )
    cohort = set()
    for row in rows(extracts, "episodes"):
        day, month, year = row["DECOM"].split("/")
        if "-".join((year, month, day)) >= since:
            cohort.add(row["CHILD"].strip().upper())
    children = {row["CHILD"].strip().upper() for row in rows(extracts, "header")} & cohort
    want = {"c%s_%s" % (epoch, code(mac(key, child.encode()))) for child in children}
    lines = sys.stdin.read().split()
    got = set(lines)
    if len(lines) != len(got):
        sys.exit("a child is there twice")
    if not want or got != want:
        sys.exit("%d codes are computed, %d were read, %d are in both" % (len(want), len(got), len(want & got)))
    print(len(want))


main()
