#!/usr/bin/env python3
"""Writes ledger.csv, settlement.csv and expected.json: 5,200 payments with every kind of finding.

Deterministic; the counts and sums of expected.json are added up while the faults are planted, so
they do not depend on the code that reconciles.
"""
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
EXPONENT = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}


def text(minor, currency):
    places = EXPONENT[currency]
    return str(minor) if places == 0 else f"{minor // 10**places}.{minor % 10**places:0{places}d}"


def main():
    draw = random.Random(20261123)
    ledger, settlement = [], []
    names = ["matched", "missingInSettlement", "missingInLedger", "amountMismatch",
             "currencyMismatch", "duplicate"]
    counts = dict.fromkeys(names, 0)
    matched = dict.fromkeys(EXPONENT, 0)
    for i in range(1, 5201):
        ref = f"PAY-{i:06d}"
        currency = draw.choices(list(EXPONENT), [50, 25, 15, 7, 3])[0]
        minor = draw.randint(1, 500_000)
        row = (ref, f"2026-10-{1 + i % 31:02d}", minor, currency)
        kind = "matched"
        if i % 97 == 0:
            kind = "missingInSettlement"
        elif i % 101 == 0:
            kind = "missingInLedger"
        elif i % 89 == 0:
            kind = "amountMismatch"
        elif i % 211 == 0:
            kind = "currencyMismatch"
        elif i % 307 == 0:
            kind = "duplicate"
        counts[kind] += 1
        if kind == "matched":
            matched[currency] += minor
        if kind != "missingInLedger":
            ledger.append(row)
        if kind == "duplicate" and i % 2 == 0:
            ledger.append(row)
        other = list(row)
        if kind == "amountMismatch":
            other[2] += draw.choice([-1, 1]) if minor > 1 else 1
        if kind == "currencyMismatch":
            other[3] = "USD" if currency == "EUR" else "EUR"
        if kind != "missingInSettlement":
            settlement.append(tuple(other))
        if kind == "duplicate" and i % 2 == 1:
            settlement.append(tuple(other))
    draw.shuffle(settlement)
    for name, rows in (("ledger", ledger), ("settlement", settlement)):
        lines = ["reference,date,amount,currency"]
        lines += [f"{r},{d},{text(a, c)},{c}" for r, d, a, c in rows]
        (HERE / f"{name}.csv").write_text("\n".join(lines) + "\n")
    expected = {"ledgerRows": len(ledger), "settlementRows": len(settlement), **counts,
                "matchedMinor": {k: v for k, v in sorted(matched.items()) if v}}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


main()
