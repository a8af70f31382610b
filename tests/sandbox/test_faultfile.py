"""When a fault strikes, how one is written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rickctl.domain.errors import UsageError
from rickctl.sandbox.clock import ExchangeClock
from rickctl.sandbox.faultfile import KINDS, read_fault_file
from rickctl.sandbox.faults import Aim, Faults
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from rickctl.domain.records import JSON


def strikes(fault: dict[str, JSON], count: int, seed: int = 0) -> list[int]:
    """At which of so many occurrences a fault strikes."""
    faults = Faults(ExchangeClock(FakeClock(10**18)), seed=seed)
    faults.add({"kind": "drop", **fault})
    return [
        number for number in range(count) if faults.on_request(Aim("order.create", "POST", "/v3/accounts/1/orders"))
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"times": 2}, [0, 1]),
        ({"after": 1, "times": 2}, [1, 2]),
        ({"times": 0}, []),
        ({"operation": "order.*"}, [0, 1, 2, 3]),
        ({"operation": "order"}, []),
        ({"method": "post"}, [0, 1, 2, 3]),
        ({"method": "GET"}, []),
        ({"path": "/v3/accounts/*/orders"}, [0, 1, 2, 3]),
        ({"path": "/v3/accounts"}, []),
        ({"probability": 0}, []),
        ({"probability": "1"}, [0, 1, 2, 3]),
    ],
)
def test_a_fault_strikes_where_and_as_often_as_it_says(fault: dict[str, JSON], expected: list[int]) -> None:
    assert strikes(fault, 4) == expected


def test_chance_is_drawn_from_the_seed() -> None:
    fault: dict[str, JSON] = {"probability": "0.3"}
    assert strikes(fault, 1000, seed=1) == strikes(fault, 1000, seed=1)
    assert strikes(fault, 1000, seed=1) != strikes(fault, 1000, seed=2)
    assert 230 < len(strikes(fault, 1000, seed=1)) < 370


def test_a_schedule_is_counted_from_when_it_was_made() -> None:
    wall = FakeClock(10**18)
    clock = ExchangeClock(wall)
    faults = Faults(clock)
    faults.add({"kind": "drop", "from": "10s", "until": "20s"})
    found = []
    for _ in range(5):
        found.append(bool(faults.on_request(Aim("x"))))
        wall.sleep_ns(5_000_000_000)
    assert found == [False, False, True, True, False]
    faults.add({"kind": "drop", "from": "2001-09-09T01:47:05Z"})
    assert faults.on_request(Aim("x"))


def test_a_fault_that_is_lifted_strikes_no_more_and_what_struck_is_remembered() -> None:
    faults = Faults(ExchangeClock(FakeClock(10**18)))
    [first] = faults.add({"kind": "drop", "times": 5})
    faults.on_request(Aim("a.b", "GET", "/p"))
    faults.remove(first.number)
    assert not faults.on_request(Aim("a.b"))
    with pytest.raises(UsageError, match="no fault 1"):
        faults.remove(first.number)
    described = faults.describe()
    assert described["faults"] == []
    assert described["struck"] == [
        {
            "place": 1,
            "time": "2001-09-09T01:46:40Z",
            "fault": 1,
            "kind": "drop",
            "operation": "a.b",
            "method": "GET",
            "path": "/p",
        }
    ]


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ({}, "kind"),
        ([1], "table"),
        ({"kind": "dorp"}, "dorp"),
        ({"kind": "drop", "wehn": "after"}, "wehn"),
        ({"kind": "drop", "when": "later"}, "when"),
        ({"kind": "drop", "how": "clean"}, "how"),
        ({"kind": "end", "how": "stall"}, "how"),
        ({"kind": "delay"}, "for"),
        ({"kind": "delay", "for": "soon"}, "soon"),
        ({"kind": "delay", "for": 5}, "for"),
        ({"kind": "refuse", "status": 99}, "status"),
        ({"kind": "refuse", "status": True}, "status"),
        ({"kind": "refuse", "retry_after": "2\r\nX: 1"}, "retry_after"),
        ({"kind": "drop", "times": -1}, "times"),
        ({"kind": "drop", "times": True}, "times"),
        ({"kind": "drop", "probability": 2}, "probability"),
        ({"kind": "drop", "probability": "often"}, "probability"),
        ({"kind": "partial", "fraction": "1"}, "fraction"),
        ({"kind": "reject", "reason": "X", "path": "/v3"}, "path"),
        ({"kind": "drop", "match": "x"}, "match"),
        ({"kind": "nan", "fields": "bid"}, "fields"),
        ({"kind": "nan", "bare": 1}, "bare"),
        ({"kind": "drop", "until": "2026-13-01"}, "until"),
        ([{"kind": "drop"}] * 1001, "1000"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(written: JSON, word: str) -> None:
    faults = Faults(ExchangeClock(FakeClock(10**18)))
    with pytest.raises(UsageError, match=word):
        faults.add(written)
    assert faults.describe()["faults"] == []


def test_of_several_faults_all_are_taken_or_none() -> None:
    faults = Faults(ExchangeClock(FakeClock(10**18)))
    with pytest.raises(UsageError):
        faults.add([{"kind": "drop"}, {"kind": "dorp"}])
    assert not faults.on_request(Aim("x"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.toml", 'seed = 7\n[[fault]]\nkind = "drop"\nprobability = 0.25\n'),
        ("f.json", '{"seed": 7, "fault": [{"kind": "drop", "probability": 0.25}]}'),
        ("f.json", '{"seed": 7, "fault": {"kind": "drop", "probability": 0.25}}'),
    ],
)
def test_a_file_is_toml_or_json(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = read_fault_file(path)
    faults = Faults(ExchangeClock(FakeClock(10**18)), seed=found.seed or 0)
    [fault] = faults.add(list(found.faults))
    assert (found.seed, fault.kind, fault.chance) == (7, "drop", 250_000)
    assert json.loads(json.dumps(faults.describe()))["faults"][0]["probability"] == "0.25"


@pytest.mark.parametrize(
    ("name", "text"),
    [("f.toml", "seed = "), ("f.json", "{"), ("f.toml", "fualt = 1"), ("f.json", "[]"), ("f.toml", 'seed = "x"')],
)
def test_a_file_that_cannot_be_read_says_so(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"fault file|seed"):
        read_fault_file(path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_fault_file(tmp_path / "none.toml")


def test_the_file_on_the_page_is_one(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "commands" / "sandbox.md").read_text(encoding="utf-8")
    path = tmp_path / "page.toml"
    path.write_text(text.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    found = read_fault_file(path)
    faults = Faults(ExchangeClock(FakeClock(10**18)))
    assert [fault.kind for fault in faults.add(list(found.faults))] == ["drop", "refuse", "silence", "partial"]


def test_every_term_and_kind_is_on_the_page() -> None:
    text = (Path(__file__).parents[2] / "docs" / "commands" / "sandbox.md").read_text(encoding="utf-8")
    terms = {term for kind in KINDS.values() for term in kind.terms}
    assert [word for word in (*KINDS, *terms) if word not in text] == []
    assert [word for word in terms if f"`{word}`" not in text.partition("**Terms** of the kinds")[2]] == []
