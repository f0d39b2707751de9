"""Computes the pseudonyms of a demo council's children with nothing but Python's standard library.

    python3 pseudonyms.py KEYS ORG AGREEMENT EPOCH check EXTRACTS FROM < codes
    python3 pseudonyms.py KEYS ORG AGREEMENT EPOCH codes < identifiers

KEYS holds the key files `master` and `salts/AGREEMENT.eEPOCH`, unencrypted; EXTRACTS the annual sets with their CIN
censuses; FROM is the day (YYYY-MM-DD) since which a child must have been referred to be of the cohort. With `check`,
standard input is the column child_id of the drop's children, one a line. Prints how many there are; when they are not
exactly the children of the cohort, says so on standard error, and the exit status is 1. With `codes`, standard input is
LA child IDs, one a line, and the output the code of each.

Written from the description of scheme p1, not from the Go code: hmac and hashlib only, HKDF by hand (RFC 5869).
"""

import base64
import glob
import hashlib
import hmac
import os
import sys
import xml.etree.ElementTree

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


def referred(extracts, since):
    """The children with a referral on that day or later, by any year's CIN census."""
    for path in sorted(glob.glob(os.path.join(extracts, "*", "cin.xml"))):
        for child in xml.etree.ElementTree.parse(path).iterfind("Children/Child"):
            dates = [date.text.strip() for date in child.iterfind("CINdetails/CINreferralDate")]
            if any(date >= since for date in dates):
                yield child.findtext("ChildIdentifiers/LAchildID")


def main():
    keys, org, agreement, epoch, what = sys.argv[1:6]
    key = hkdf(
        secret(os.path.join(keys, "master")),
        secret(os.path.join(keys, "salts", "%s.e%s" % (agreement, epoch))),
        "postern/pseudonym/v1", org, agreement, epoch, "child/la-child-id",
    )

    def pseudonym(child):
        return "c%s_%s" % (epoch, code(mac(key, child.strip().upper().encode())))

    lines = sys.stdin.read().split()
    if what == "codes":
        print("\n".join(pseudonym(line) for line in lines))
        return
    extracts, since = sys.argv[6:]
    want = {pseudonym(child) for child in referred(extracts, since)}
    got = set(lines)
    if len(lines) != len(got):
        sys.exit("a child is there twice")
    if not want or got != want:
        sys.exit("%d codes are computed, %d were read, %d are in both" % (len(want), len(got), len(want & got)))
    print(len(want))


main()
