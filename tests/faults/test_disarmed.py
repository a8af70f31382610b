"""At the socket: while LIVE is disarmed nothing that can create or increase exposure leaves, whoever asks however."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rickctl.commands.schema import describe_noun
from rickctl.commands.table import NOUNS
from tests.cli.live_desk import PIN
from tests.contract.ground import SYMBOL
from tests.faults.live_ground import LiveGround, can_add_risk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.live_ground import Left

EXITS = ("--stop-loss", "20p", "--take-profit", "40p")
ENTRY = ("order", "place", SYMBOL, "buy", "1000")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[LiveGround]:
    with LiveGround(tmp_path) as made:
        made.move("1.10000", show=False)
        yield made


@pytest.fixture
def held(ground: LiveGround) -> LiveGround:
    """An open position with both exits, made while armed."""
    ground.arm("--for", "2h")
    order = ground.place("buy", "1000", *EXITS)
    assert order["state"] == "filled"
    assert any(can_add_risk(left) for left in ground.left()), "what is looked for is what an order sends"
    return ground


# Ways to be disarmed.


def by_hand(ground: LiveGround) -> None:
    assert ground.person.run_here("disarm").code in {0, 9}


def expired(ground: LiveGround) -> None:
    ground.advance("2h")


def rebooted(ground: LiveGround) -> None:
    ground.person.boot_id = "another-boot"


def clock_set_back(ground: LiveGround) -> None:
    ground.person.boot_shift_ns += 60 * 60 * 10**9
    ground.advance("1s")


def killed(ground: LiveGround) -> None:
    (ground.desk.folders.state / "killed.json").touch()


def reconfigured(ground: LiveGround) -> None:
    assert ground.person.run_here("config", "set", "output", "table").code == 0


def switched_off(ground: LiveGround) -> None:
    ground.person.environment["EXECUTION_ENABLED"] = "false"


def broken_charter(ground: LiveGround) -> None:
    (ground.desk.folders.config / "charter.toml").write_text("[[[")


WAYS = (by_hand, expired, rebooted, clock_set_back, killed, reconfigured, switched_off, broken_charter)

ADDING: tuple[tuple[str, ...], ...] = (
    (*ENTRY, *EXITS),
    (*ENTRY, *EXITS, "--key", "k"),
    (*ENTRY, *EXITS, "--limit", "1.0990", "--ttl", "5m"),
    (*ENTRY, *EXITS, "--stop-entry", "1.1020"),
    (*ENTRY, *EXITS, "--quality", "100", "--timeframe", "H1"),
    ("order", "place", SYMBOL, "sell", "5000", *EXITS),
    ("order", "place", SYMBOL, "buy", "--risk", "0.1%", *EXITS),
    (*ENTRY, *EXITS, "--dry-run"),
    ("order", "modify", "1", "--stop-loss", "1.0500"),
    ("order", "modify", "1", "--take-profit", "1.2000", "--stop-loss", "1.0600"),
)
VARIABLES = (
    {"RICKCTL_OUTPUT": "json"},
    {"EXECUTION_ENABLED": "true", "ACTIVE_BROKER": "oanda"},
    {"RICKCTL_OANDA_URL": "http://127.0.0.1:9", "QUALITY_THRESHOLD": "70", "PIN": PIN, "ARM_PIN": PIN},
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_that_adds_risk_leaves_while_disarmed(held: LiveGround, way: Callable[[LiveGround], None]) -> None:
    way(held)
    before = len(held.left())
    for number, words in enumerate(ADDING):
        extra = VARIABLES[number % len(VARIABLES)]
        extra = {name: value for name, value in extra.items() if name not in held.person.environment}
        held.person.environment |= extra
        answer = held.run(*words)
        for name in extra:
            del held.person.environment[name]
        assert answer.code in {3, 6}, (words, answer)
    left = held.left()[before:]
    assert left, "reads go on"
    assert [found for found in left if can_add_risk(found)] == []


ARGUMENTS = {
    "symbols": SYMBOL,
    "symbol": SYMBOL,
    "side": "buy",
    "units": "1000",
    "order": "1",
    "record": "1",
    "name": "main",
    "amount": "1",
    "rule": "1.6",
    "broker": "oanda",
    "key": "output",
    "value": "json",
    "shell": "bash",
}
OPTIONS = {
    "limit": "1.0990",
    "stop_entry": "1.1020",
    "stop_loss": "20p",
    "take_profit": "40p",
    "trailing": "10p",
    "risk": "0.1%",
    "ttl": "5m",
    "timeframe": "H1",
    "quality": "90",
    "key": "again",
    "units": "2000",
    "price": "1.0990",
    "trade": "1",
    "count": "1",
    "state": "working",
    "expect": "000000000000",
    "mode": "live",
    "length": "30m",
    "reason": "because",
    "output": "json",
}
NEVER_ENDS = {"stream", "sandbox start"}
NEEDS_OTHERS = {
    "journal backup": "a place for it",
    "charter edit": "an editor",
    "login": "a token",
    "logout": "a keyring",
    "whoami": "a keyring",
}


def lines_of(entry: dict[str, Any]) -> Iterator[list[str]]:
    """The bare command with what it must have, then with each thing it may have."""
    parameters = entry["parameters"]
    arguments = [ARGUMENTS[one["name"]] for one in parameters if one["kind"] == "argument"]
    options = [one for one in parameters if one["kind"] == "option" and one["name"] not in {"account", "out", "watch"}]
    needed = [
        word for one in options if one["required"] for word in (one["flags"][0], OPTIONS.get(one["name"], "bash"))
    ]
    exits = list(EXITS) if entry["command"] == "order place" else []
    yield [*arguments, *needed, *exits]
    for one in options:
        if one["type"] == "boolean":
            yield [*arguments, *needed, *exits, one["flags"][0]]
        elif one["name"] in OPTIONS:
            yield [*arguments, *needed, *exits, one["flags"][0], OPTIONS[one["name"]]]


def test_every_command_of_the_tree_is_harmless_while_disarmed(held: LiveGround) -> None:
    """Each command with what it needs and each of its options in turn; what ends the account or the test comes last."""
    by_hand(held)
    before, ran, stop = len(held.left()), 0, Decimal(held.show(1)["stop_loss"])
    tree = [entry for noun in NOUNS for entry in describe_noun(noun)]
    chosen = [entry for entry in tree if entry["command"] not in NEVER_ENDS | set(NEEDS_OTHERS)]
    for entry in sorted(chosen, key=lambda entry: entry["command"] in {"position close", "kill", "config set"}):
        has_account = any("--account" in one["flags"] for one in entry["parameters"])
        for line in lines_of(entry):
            named = ["--account", held.account] if has_account else []
            held.run_as_typed([*str(entry["command"]).split(), *line, *named])
            ran += 1
    assert ran > 120
    adding = [found for found in held.left()[before:] if can_add_risk(found)]
    assert [found for found in adding if not is_narrowing(found, stop)] == []


def is_narrowing(left: Left, stop: Decimal) -> bool:
    """Exits of the open trade that leave its stop where it stood, or bring it nearer: some lines above ask for that."""
    body = json.loads(left.body)
    moved = body.get("stopLoss", {}).get("price", stop)
    return left.method == "PUT" and "/trades/" in left.path and left.path.endswith("/orders") and Decimal(moved) >= stop


def test_getting_out_works_while_disarmed(held: LiveGround) -> None:
    by_hand(held)
    before = len(held.left())
    held.data("order", "modify", "1", "--stop-loss", "1.0990")
    assert [row["symbol"] for row in held.positions()] == [SYMBOL]
    held.data("position", "close", SYMBOL, "--units", "400")
    held.data("position", "close", "--all")
    assert held.positions() == []
    added = [found for found in held.left()[before:] if can_add_risk(found)]
    assert [(found.method, found.path.rpartition("/")[2]) for found in added] == [("PUT", "orders")]
    assert json.loads(added[0].body)["stopLoss"]["price"] == "1.09900"


def test_a_resting_entry_ends_with_its_window(ground: LiveGround) -> None:
    ground.arm("--for", "30m")
    order = ground.place("buy", "1000", "--limit", "1.09000", *EXITS)
    sent = json.loads([left for left in ground.left() if can_add_risk(left)][-1].body)["order"]
    assert (order["state"], sent["timeInForce"]) == ("working", "GTD")
    ends = json.loads(ground.person.run_here("status", "-o", "json").stdout)["arming"][0]["ends_at"]
    assert str(order["expires_at"]) <= ends
    ground.advance("31m")
    ground.positions()
    assert ground.show(order["order"])["state"] == "expired"


def test_disarming_cancels_what_rests(ground: LiveGround) -> None:
    ground.arm()
    order = ground.place("buy", "1000", "--limit", "1.09000", *EXITS)
    closed = json.loads(ground.type("disarm", "-o", "json").stdout)
    assert [row["order"] for row in closed["cancelled"]] == [order["order"]]
    assert ground.show(order["order"])["state"] == "cancelled"


def test_a_window_lets_one_account_trade_and_no_other(ground: LiveGround) -> None:
    ground.arm()
    other = ground.account[:-1] + "2"
    answer = ground.person.type(*ENTRY, *EXITS, "--account", other, wired=ground.rewired)
    assert answer.code != 0
    assert [found for found in ground.left() if can_add_risk(found)] == []
