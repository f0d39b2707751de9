"""Recompute pseudonyms of scheme p1 with nothing but Python's standard library.

    python3 recompute.py vectors.csv      every ok-row of a vector file, under the published master 00 01 ... 1f
    python3 recompute.py - < cases.jsonl  one JSON object a line, each with its own master and salt

Prints how many were recomputed. The first value that differs is named on standard error, and the exit status is 1.
Written from the description of the scheme, not from the Go code: it uses hmac and hashlib only, HKDF by hand (RFC 5869).
"""

import csv
import hashlib
import hmac
import json
import sys

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LETTERS = {
    "child/la-child-id": "c",
    "child/upn": "u",
    "child/nhs-number": "n",
    "child/uln": "l",
    "school/urn": "s",
    "worker/swe": "w",
}


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def length_prefixed(*parts):
    encoded = [part.encode("utf-8") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def hkdf(master, salt, info):
    """One block of output is 32 bytes, so expansion is a single step."""
    return mac(mac(salt, master), info + b"\x01")


def code(first160):
    number = int.from_bytes(first160, "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(155, -1, -5))


def recompute(master, salt, row):
    scope = (row["org"], row["agreement"], str(row["epoch"]))
    key = hkdf(master, salt, length_prefixed("postern/pseudonym/v1", *scope, row["domain"]))
    digest = mac(key, row["normalised"].encode("utf-8"))
    out = {
        "key_hex": key.hex(),
        "mac_hex": digest.hex(),
        "pseudonym": "%s%s_%s" % (LETTERS[row["domain"]], row["epoch"], code(digest[:20])),
        "key_check_value": mac(hkdf(master, salt, length_prefixed("postern/kcv/v1", *scope)), b"kcv").hex()[:16],
        "salt_fingerprint": mac(salt, b"postern/salt-fingerprint/v1").hex()[:32],
    }
    if "label" in row:
        committed = hkdf(master, salt, length_prefixed("postern/commitment/v1", *scope, row["label"]))
        out["commitment"] = mac(committed, row["data"].encode("utf-8")).hex()
    return out


def rows(source):
    if source == "-":
        for line in sys.stdin:
            row = json.loads(line)
            yield bytes.fromhex(row["master_hex"]), row
        return
    with open(source, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["outcome"] == "ok":
                yield bytes(range(32)), row


def main():
    count = 0
    for master, row in rows(sys.argv[1]):
        count += 1
        for name, value in recompute(master, bytes.fromhex(row["agreement_salt_hex"]), row).items():
            if name in row and row[name] != value:
                sys.exit("row %d: %s differs" % (count, name))
    print(count)


main()
