#!/usr/bin/env python3
"""Checks an export of HYVVE's audit log, and names the first row that is not right.

    python3 verify-audit-export.py audit-log.jsonl

It needs nothing but Python's standard library, reads one line at a time, and ends with 0 if all is well, with 1 if not.
audit-export.md, beside this file, says what is checked and why.
"""

import hashlib
import json
import re
import sys

FORMAT = "hyvve.audit-export/1"
DECODER = json.JSONDecoder()
HASH = re.compile(r',"hash":"([0-9a-f]{64})"')
SALT = re.compile(r',"salt":"((?:[0-9a-f]{2})+)"')


class Bad(Exception):
    """What is wrong with a row, in words."""


def sha256(*parts):
    """SHA-256 over bytes one after the other, in hexadecimal."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


def taken(text, at, word):
    """The place behind a word that has to stand at this place."""
    if not text.startswith(word, at):
        raise Bad("its line is not one of an export")
    return at + len(word)


def matched(text, at, pattern):
    """What a pattern finds at this place, and the place behind it."""
    found = pattern.match(text, at)
    if not found:
        raise Bad("its line is not one of an export")
    return found.group(1), found.end()


def parsed(text, at):
    """The JSON value that begins at this place: itself, its own bytes, and the place behind it."""
    try:
        value, end = DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise Bad("its line is not JSON") from None
    return value, text[at:end].encode(), end


def check_row(text, workspace, seq, prev):
    """Checks the line that should be row `seq` and follow the hash `prev`; returns its own hash."""
    entry, covered, at = parsed(text, taken(text, 0, '{"entry":'))
    stated, at = matched(text, at, HASH)
    personal = None
    if not text.startswith("}", at):
        _, data, at = parsed(text, taken(text, at, ',"personal":'))
        salt, at = matched(text, at, SALT)
        personal = sha256(bytes.fromhex(salt), data)
    if taken(text, at, "}") != len(text):
        raise Bad("its line is not one of an export")
    if not isinstance(entry, dict) or entry.get("format") != "hyvve.audit/1":
        raise Bad("it is of a format that this script does not know")
    if entry.get("workspace") != workspace:
        raise Bad("it is of another workspace")
    if entry.get("seq") != seq:
        raise Bad("it is not here: something was removed, added or reordered")
    if entry.get("prev") != prev:
        raise Bad("it does not follow the row before it")
    if sha256(covered) != stated:
        raise Bad("its content was changed after it was written")
    # Personal data can be erased; what is there has to be what was written.
    if personal is not None and personal != entry.get("personal"):
        raise Bad("its personal data was changed after it was written")
    return stated


def begun(line):
    """The workspace, and the number and the hash of the newest row, as the first line says."""
    try:
        head = json.loads(line)
        workspace, seq, stated = head["workspace"], head["head"]["seq"], head["head"]["hash"]
        whole = head["format"] == FORMAT and head["range"] == {"from": 1, "to": seq}
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        sys.exit(f"The first line does not say that this is a whole export ({FORMAT}).")
    return workspace, seq, stated


def verify(file):
    """Checks a file; returns what to say, and whether all is well."""
    workspace, last, head = begun(file.readline())
    seq, prev = 0, "0" * 64
    try:
        for line in file:
            seq += 1
            if seq > last:
                raise Bad("the first line does not know of it: it was added")
            prev = check_row(line.rstrip("\n"), workspace, seq, prev)
        if seq < last:
            seq += 1
            raise Bad(f"it is missing: the first line counts {last} rows")
        if prev != head:
            raise Bad("its hash is not the one that the first line names")
    except Bad as why:
        return f"Row {seq} is not right: {why}.", False
    return f"All {seq} rows are right. Newest: {seq} {prev}", True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], encoding="utf-8", newline="\n") as opened:
            words, right = verify(opened)
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"The file cannot be read: {error}")
    print(words)
    sys.exit(0 if right else 1)
