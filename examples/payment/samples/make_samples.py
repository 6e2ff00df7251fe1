#!/usr/bin/env python3
"""Writes ledger.csv, settlement.csv and expected.json: 5,200 payments with every kind of finding.

Deterministic. What expected.json says of each finding is noted while the fault is planted, so the
answers do not depend on the code that reconciles. The settlement file is as processors export it:
with a byte order mark, CRLF line ends and quotes.
"""
import csv
import io
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
PLACES = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
KINDS = ("matched", "missingInSettlement", "missingInLedger", "amountMismatch",
         "currencyMismatch", "duplicate")
PLANTED = ((97, "missingInSettlement"), (101, "missingInLedger"), (89, "amountMismatch"),
           (211, "currencyMismatch"), (307, "duplicate"))


def amount(minor, currency):
    places, sign = PLACES[currency], "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**places)
    return f"{sign}{whole}" + (f".{rest:0{places}d}" if places else "")


def reference(i):
    if i % 1009 == 0:
        return f'INV "{i}", second\r\nreminder'  # a person typed it
    return f"PAY-{i:06d}"


def difference(currency, ledger, settlement):
    return {"currency": currency, "ledgerMinor": ledger, "settlementMinor": settlement,
            "differenceMinor": settlement - ledger}


def plant(kind, draw, i, row):
    """The rows of either file, and by how much they differ."""
    ref, date, minor, currency = row
    if kind == "missingInSettlement":
        return [row], [], [difference(currency, minor, 0)]
    if kind == "missingInLedger":
        return [], [row], [difference(currency, 0, minor)]
    if kind == "amountMismatch":
        other = minor + draw.choice([-1, 1, -10, 100, -minor, 2 * minor + 7])
        return [row], [(ref, date, other, currency)], [difference(currency, minor, other)]
    if kind == "currencyMismatch":
        other = "USD" if currency == "EUR" else "EUR"
        found = [difference(currency, minor, 0), difference(other, 0, minor)]
        return [row], [(ref, date, minor, other)], sorted(found, key=lambda d: d["currency"])
    if kind == "duplicate" and i % 2 == 0:
        return [row, row], [row], [difference(currency, 2 * minor, minor)]
    if kind == "duplicate":
        return [row], [row, row], [difference(currency, minor, 2 * minor)]
    return [row], [row], []


def text_of(rows, line_end, quoting):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end, quoting=quoting)
    writer.writerow(["reference", "date", "amount", "currency"])
    writer.writerows((r, d, amount(a, c), c) for r, d, a, c in rows)
    return out.getvalue()


def main():
    draw = random.Random(20261123)
    ledger, settlement, findings = [], [], []
    counts, matched = dict.fromkeys(KINDS, 0), dict.fromkeys(sorted(PLACES), 0)
    for i in range(1, 5201):
        currency = draw.choices(list(PLACES), [50, 25, 15, 7, 3])[0]
        minor = draw.randint(1, 500_000) * (-1 if i % 53 == 0 else 1)  # some are refunds
        row = (reference(i), f"2026-10-{1 + i % 31:02d}", minor, currency)
        kind = next((kind for step, kind in PLANTED if i % step == 0), "matched")
        here, there, differences = plant(kind, draw, i, row)
        ledger += here
        settlement += there
        counts[kind] += 1
        if kind == "matched":
            matched[currency] += minor
        else:
            findings.append({"finding": kind, "reference": row[0], "differences": differences})
    draw.shuffle(settlement)
    (HERE / "ledger.csv").write_bytes(text_of(ledger, "\n", csv.QUOTE_MINIMAL).encode())
    (HERE / "settlement.csv").write_bytes(
        b"\xef\xbb\xbf" + text_of(settlement, "\r\n", csv.QUOTE_NONNUMERIC).encode())
    findings.sort(key=lambda f: f["reference"])
    expected = {"ledgerRows": len(ledger), "settlementRows": len(settlement), **counts,
                "matchedMinor": matched, "findings": findings}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
