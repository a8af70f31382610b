"""Writes docs/charter.md from the rules, the schema and the shipped values: `python -m tests.house.charter_page`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rickctl.domain.charter import KEYS, OVERRIDES, RULES, Bound, Key, Rule, parse_charter
from rickctl.domain.quality import WEIGHTS
from rickctl.services.charter import packaged_path, value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rickctl.domain.charter import Charter

PAGE = Path(__file__).parents[2] / "docs" / "charter.md"

_TITLES = {
    1: "Authority",
    2: "Prices",
    3: "Size and exposure",
    4: "Protection",
    5: "Quality",
    6: "Time",
    7: "Pace",
    8: "Loss",
    9: "Instruments of their own",
    10: "Dual source",
    11: "Several brokers",
}

_INTRODUCTION = """\
# The charter

The charter is the one set of limits between every order and every broker: command line, strategies and gateway pass
the same check. It answers with every rule's verdict, passed or refused; all of them are stored with the order either
way, and a refusal prints them and exits 6.

- **Where it is.** `charter.toml` in the configuration directory if there is one, else the charter the program
  carries. Never the working directory, never an option. `rickctl charter path` says which, `rickctl charter show`
  prints it.
- **What it may say.** Every key below must be there: a missing limit refuses all orders, and so do an unknown key and
  a value that is no number. Each number has a hard floor in the program. The file may be stricter than the floor,
  never looser; switches and sources are fixed. `rickctl charter validate` lists what is wrong and exits 9.
- **Sealing.** The hash is of the values and of the version of the rules, so comments, order and `0.8` or `0.80` are
  free. The shipped charter is sealed for paper. Any other refuses every order until somebody has looked at it and
  said so: `rickctl charter seal --expect HASH`, with the twelve digits that `charter validate` shows, for paper or
  practice. Live is sealed at a terminal with the PIN. Sealing one content does not unseal another: going back to it
  needs no new seal.
- **The seal file.** `charter.seal` beside the charter, marked with the journal's key. A seal that was edited, moved
  to another hash or written with another key counts as none.
- **Getting out.** A close that only reduces answers to two rules: a valid order (1.1: a known instrument, no more
  than is held) and the allowance for cancels (7.4). A cancel answers to 7.4 alone. A change that narrows risk answers
  to 1.1, 4.3 and 7.3; one that widens it (more units, a stop further away or gone, a nearer target, another
  price, a longer life) passes the gate like an entry, but for what counts entries.
- **Settings** `QUALITY_THRESHOLD` and `MAX_HOLD_MIN` may make 5.1 and 6.2 stricter for one person; a looser one is
  refused.
- **Money** in the charter is in USD. An account in another currency is converted at the rates of the moment; without
  a rate the order is refused (11.3).

`rickctl charter explain 3.2` prints one rule; a section (`3`), a code (`over_notional`) or a key works as well.

Examples below are what follows `rickctl`. They assume the shipped charter, a paper account of 100 000 USD, EUR_USD at
1.08512 / 1.08520 and BTC-USD at 67 412.10 / 67 418.55; what else they need stands in brackets.
"""

_HOLD = """\
### Who closes a position after 360 minutes when nothing runs

On paper the account's own engine does. Nothing needs to be running at that moment: the next command that touches the
account first settles the time since the last one, and closes the position at the first tradeable price at or after
the 360th minute since its fill, dated at that instant, not at the time of the command. If the market is closed then,
it is the first tradeable price after it opens. Looking often or rarely gives the same ledger. An account where nobody
would close the position is refused by 6.2 when the entry is asked for.
"""

_QUALITY = """\
### How quality is computed

Each input scores 0 to 100; the weighted sum, rounded down, is the quality. What is unknown scores half (volatility)
or nothing (exposure). A stated `--quality` is what 5.1 asks about; the computed one is stored and shown beside it.

| Input | Weight | Full marks | None |
|---|---|---|---|
"""

_QUALITY_ENDS = {
    "reward:risk": ("3 R or more", "0 R"),
    "spread": ("no spread", "a quarter of the stop distance"),
    "quote age": ("0 s", "the oldest age allowed (2.2)"),
    "distance": ("stop 1.5 usual 15-minute ranges away, entry within 2", "stop at 0, or entry 20 ranges away"),
    "session": ("6 h or more to the close, or no close", "at the close"),
    "exposure": ("nothing carried", "the whole of 3.4"),
}


def page(charter: Charter) -> str:
    """The whole page."""
    return "\n".join(_lines(charter))


def _lines(charter: Charter) -> Iterator[str]:
    yield _INTRODUCTION
    for section, title in _TITLES.items():
        yield f"## {section} · {title}\n"
        yield from _opening(section, charter)
        for rule in RULES:
            if rule.id.partition(".")[0] == str(section):
                yield from _rule(rule, charter)
        if section == 5:
            yield from _quality()
        if section == 6:
            yield _HOLD


def _opening(section: int, charter: Charter) -> Iterator[str]:
    if section == 9:
        yield "A table `[9-instruments.SYMBOL]` gives one instrument its own limits, within the same hard floors.\n"
        yield from _table(tuple(OVERRIDES.values()), charter)
        yield "As shipped:\n"
        yield from (
            f"- `{symbol}`: " + ", ".join(f"`{name} = {value_text(value)}`" for name, value in own.items())
            for symbol, own in charter.instruments.items()
        )
        yield ""
    if section == 10:
        yield "Sources and switches are fixed; numbers may only be tighter. Validated whenever the charter is loaded.\n"
        yield from _table(tuple(key for key in KEYS if key.section == section), charter)
    if section == 11:
        yield (
            "Totals over everything in one mode; paper, practice and live are never added together. A table\n"
            "`[11-several-brokers.brokers.NAME]` with `max_exposure` gives one broker its own cap.\n"
        )
        yield from _table(tuple(key for key in KEYS if key.section == section), charter)


def _rule(rule: Rule, charter: Charter) -> Iterator[str]:
    yield f"### {rule.id} {rule.name}\n"
    yield f"{rule.reason}\n"
    keys = tuple(key for key in (*KEYS, *OVERRIDES.values()) if key.name in rule.keys)
    general = tuple(key for key in keys if key.section != 9 or key.name not in {one.name for one in KEYS})
    if general:
        yield from _table(general, charter)
    else:
        yield "Always in force; there is nothing to set.\n"
    yield f"- passes: {_example(rule.passes)}"
    yield f"- refused, `{rule.code}`: {_example(rule.refuses)}"
    if rule.latches is not None:
        yield f"- latches `{rule.latches}`: entries stay refused (1.4) until `rickctl resume`"
    yield ""


def _example(text: str) -> str:
    command, _, condition = text.partition("  (")
    return f"`{command}` ({condition}" if condition else f"`{command}`"


def _table(keys: Sequence[Key], charter: Charter) -> Iterator[str]:
    yield "| Key | As shipped | Hard floor |"
    yield "|---|---|---|"
    for key in keys:
        yield f"| `{key.name}` | {_shipped(key, charter)} | {_floor(key)} |"
    yield ""


def _shipped(key: Key, charter: Charter) -> str:
    value = getattr(charter, key.field, None)
    return "–" if value is None or key.section == 9 else f"{value_text(value)} {key.unit}".rstrip()


def _floor(key: Key) -> str:
    return "fixed" if key.bound is Bound.FIXED else f"{value_text(key.floor)}, {key.bound.value}"


def _quality() -> Iterator[str]:
    yield _QUALITY + "\n".join(
        f"| {name} | {weight} % | {_QUALITY_ENDS[name][0]} | {_QUALITY_ENDS[name][1]} |"
        for name, weight in WEIGHTS.items()
    )
    yield ""


def shipped_charter() -> Charter:
    """The charter the wheel carries."""
    charter = parse_charter(packaged_path().read_text(encoding="utf-8")).charter
    if charter is None:
        message = "the shipped charter has findings"
        raise ValueError(message)
    return charter


if __name__ == "__main__":
    PAGE.write_text(page(shipped_charter()), encoding="utf-8")
