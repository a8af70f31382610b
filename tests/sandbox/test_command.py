"""`rickctl sandbox start` as a process: what it prints, how it ends, what it keeps, and who may use it."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.process_kit import PATIENCE_S, command, environment, refused, started


def test_what_it_prints_leads_rickctl_to_it(tmp_path: Path) -> None:
    with started(tmp_path, "--always-open") as box:
        pasted = dict(
            word.split("=", 1)
            for line in box.told["paste"]
            if line.startswith("export ")
            for word in line.removeprefix("export ").split(" ")
        )
        quoted = subprocess.run(
            [sys.executable, "-m", "rickctl", "quote", "EUR_USD", "-o", "json"],
            env={**environment(tmp_path), **pasted},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert quoted.returncode == 0, quoted.stderr
        [quote] = json.loads(quoted.stdout)
        assert (quote["symbol"], quote["tradeable"]) == ("EUR_USD", True)


def test_a_person_gets_lines_to_paste_at_once(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--control"), env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(12)]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert lines[0] == "Data: sim | Exec: sandbox\n"
    assert [line.split("=")[0] for line in lines if line.startswith("export")] == [
        "export RICKCTL_OANDA_URL",
        "export OANDA_PRACTICE_TOKEN",
        "export RICKCTL_ACCOUNT",
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_signal_ends_it_in_order_even_with_clients_about(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with started(tmp_path, "--always-open") as box:
        account = box.told["accounts"][0]
        port = int(box.told["url"].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as streaming:
            path = f"/v3/accounts/{account}/pricing/stream?instruments=EUR_USD"
            head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {box.told['token']}\r\n\r\n"
            streaming.sendall(head.encode())
            assert streaming.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
            began = time.monotonic()
            ended, said = box.end(number)
            assert time.monotonic() - began < 5
        assert ended == code
        assert "Traceback" not in said


@pytest.mark.parametrize(("words", "shows"), [((), True), (("--quiet",), False)])
def test_requests_are_told_on_stderr_unless_quiet(words: tuple[str, ...], shows: bool, tmp_path: Path) -> None:  # noqa: FBT001
    with started(tmp_path, *words) as box:
        box.call(f"/v3/accounts/{box.told['accounts'][0]}/summary")
        _, said = box.end()
    assert (f"GET    /v3/accounts/{box.told['accounts'][0]}/summary  200  " in said) is shows
    assert box.told["token"] not in said


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, said = refused(tmp_path, "--oanda", port)
    assert (code, out) == (3, "")
    assert (
        said == f"rickctl: port {port} cannot be had: address already in use\nhint: rickctl sandbox start --oanda 0\n"
    )


def test_two_sandboxes_do_not_share_a_folder(tmp_path: Path) -> None:
    box_path = tmp_path / "box"
    with started(tmp_path, "--state", str(box_path)):
        code, out, said = refused(tmp_path, "--state", str(box_path))
        assert (code, out) == (3, "")
        assert said.startswith(f"rickctl: another sandbox is running on {box_path}\n")
        with started(tmp_path, "--state", str(tmp_path / "other")) as other:
            assert other.call("/v3/accounts")["accounts"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_orders_moves_and_time_survive(how: signal.Signals, tmp_path: Path) -> None:
    with started(tmp_path, "--always-open", "--control") as box:
        path = f"/v3/accounts/{box.told['accounts'][0]}"
        order = {"type": "LIMIT", "instrument": "EUR_USD", "units": "100", "price": "0.9", "timeInForce": "GTC"}
        box.call(f"{path}/orders", {"order": order})
        box.call("/_control/market", {"symbol": "EUR_USD", "price": "1.5"})
        box.call("/_control/time", {"advance": "1h"})
        before = box.call(f"{path}/transactions/sinceid?id=0")["transactions"]
        box.end(how)
    with started(tmp_path, "--always-open", "--control") as box:
        assert box.call(f"{path}/transactions/sinceid?id=0")["transactions"] == before
        state = box.call("/_control/state")
        assert isinstance(state["time"], dict)
        assert state["time"]["offset"] == "1 h"
        told = json.dumps(box.call("/_control/market?symbol=EUR_USD"))
        assert '"bid": "1.4' in told or '"bid": "1.5' in told
        assert box.told["token"] in json.dumps(box.told["paste"])


def test_another_market_refuses_the_state_of_the_first(tmp_path: Path) -> None:
    with started(tmp_path):
        pass
    code, _, said = refused(tmp_path, "--seed", "7")
    assert code == 3
    assert "was made on sim:v1 with seed 0, not on sim:v1 with seed 7" in said


def test_tls_is_spoken_to_those_who_believe_the_authority(tmp_path: Path) -> None:
    with started(tmp_path, "--tls") as box:
        assert box.told["url"].startswith("https://")
        assert box.call("/v3/accounts")["accounts"]
        assert (
            box.told["paste"][0]
            == f"export SSL_CERT_FILE={box.told['ca_file']} REQUESTS_CA_BUNDLE={box.told['ca_file']}"
        )
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(box.told["url"], timeout=5)  # noqa: S310 - loopback
        folder = tmp_path / "state" / "sandbox" / "tls"
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
            "ca.pem": 0o600,
            "server.pem": 0o600,
        }
        assert "PRIVATE KEY" not in (folder / "ca.pem").read_text(encoding="utf-8")
        first = (folder / "ca.pem").read_bytes()
    with started(tmp_path, "--tls") as box:
        assert (folder / "ca.pem").read_bytes() == first


def test_faults_of_a_file_strike_and_a_bad_file_starts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\nkind = "refuse"\nstatus = 503\noperation = "account.list"\n', encoding="utf-8")
    with started(tmp_path, "--faults", str(path)) as box, pytest.raises(OSError, match="503"):
        box.call("/v3/accounts")
    path.write_text('[[fault]]\nkind = "dorp"\n', encoding="utf-8")
    code, out, said = refused(tmp_path, "--faults", str(path))
    assert (code, out) == (2, "")
    assert "'dorp'" in said


def test_a_recorded_market_is_traded_from_its_beginning(tmp_path: Path) -> None:
    tape = Path(__file__).parents[1] / "fixtures" / "tapes" / "eurusd-m1.csv.gz"
    with started(tmp_path, "--market", f"replay:{tape}#EUR_USD") as box:
        path = f"/v3/accounts/{box.told['accounts'][0]}"
        found: Any = box.call(f"{path}/pricing?instruments=EUR_USD")
        assert found["prices"][0]["time"] < "2025"
        listed: Any = box.call(f"{path}/instruments")
        assert [row["name"] for row in listed["instruments"]] == ["EUR_USD"]
        assert box.told["source"].startswith("replay:")
        ended, said = box.end()
    assert (ended, "bug" in said) == (130, False)
