"""Whether the simulated path looks like a market: volatility, its hours and clusters, tails, spread, bounds."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import log
from statistics import fmean, pstdev

import pytest

from rickctl.adapters.sim.book import Book
from rickctl.adapters.sim.path import UNIT
from rickctl.domain.hours import session_number
from rickctl.domain.instants import parse_instant
from rickctl.domain.instruments import CATALOGUE

SESSIONS_A_YEAR = {"fx": 261, "metal": 261, "index": 261, "crypto": 365}
START = parse_instant("2024-03-06T14:00:00Z")
MINUTE = 240
SYMBOLS = ["EUR_USD", "XAU_USD", "NAS100_USD", "BTC-USD"]


@lru_cache
def book_of(symbol: str) -> Book:
    return Book(0, CATALOGUE[symbol])


def number_of(symbol: str) -> int:
    return session_number(CATALOGUE[symbol].kind.value, START)


@lru_cache
def minute_returns(symbol: str, sessions: int = 40) -> tuple[tuple[float, ...], ...]:
    """Changes of the path over each minute, one tuple a session."""
    path, found = book_of(symbol).path, []
    for number in range(number_of(symbol), number_of(symbol) + sessions):
        session = path.session(number)
        values = [path.value(session, slot) / UNIT for slot in range(session.first, session.last, MINUTE)]
        found.append(tuple(after - before for before, after in pairwise(values)))
    return tuple(found)


def kurtosis(values: list[float]) -> float:
    middle, deviation = fmean(values), pstdev(values)
    return fmean([((value - middle) / deviation) ** 4 for value in values])


def autocorrelation(values: list[float], lag: int) -> float:
    middle = fmean(values)
    products = [(a - middle) * (b - middle) for a, b in zip(values, values[lag:], strict=False)]
    return sum(products) / sum((value - middle) ** 2 for value in values)


def flat(symbol: str) -> list[float]:
    return [value for session in minute_returns(symbol) for value in session]


@pytest.mark.parametrize("symbol", sorted(CATALOGUE))
def test_a_years_volatility_is_near_the_catalogues(symbol: str) -> None:
    path, first = book_of(symbol).path, number_of(symbol) - 3000
    closes = [path.session(number).closing / UNIT for number in range(first, first + 4000)]
    year = pstdev([b - a for a, b in pairwise(closes)]) * SESSIONS_A_YEAR[path.calendar] ** 0.5
    assert 0.9 < year / (CATALOGUE[symbol].volatility_bp / 10_000) < 1.1


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_minutes_add_up_to_the_years_volatility(symbol: str) -> None:
    returns = flat(symbol)
    year = pstdev(returns) * (len(returns) / 40 * SESSIONS_A_YEAR[CATALOGUE[symbol].kind.value]) ** 0.5
    # Forty sessions are one stretch of a clustered path, so they may be calmer or wilder than the average.
    assert 0.6 < year / (CATALOGUE[symbol].volatility_bp / 10_000) < 1.6


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_minute_returns_have_heavier_tails_than_a_normal_and_no_memory_of_direction(symbol: str) -> None:
    returns = flat(symbol)
    assert 3.5 < kurtosis(returns) < 15
    assert abs(autocorrelation(returns, 1)) < 0.03
    assert abs(fmean(returns)) < 4 * pstdev(returns) / len(returns) ** 0.5


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_large_moves_follow_large_moves(symbol: str) -> None:
    sizes = [abs(value) for value in flat(symbol)]
    assert autocorrelation(sizes, 1) > 0.05
    assert autocorrelation(sizes, 30) > 0.05


def test_sessions_differ_in_volatility_for_weeks_on_end() -> None:
    path, first = book_of("EUR_USD").path, number_of("EUR_USD")
    sigmas = [float(path.session(number).sigma) for number in range(first - 1500, first)]
    assert max(sigmas) > 2 * min(sigmas)
    assert autocorrelation(sigmas, 5) > 0.2


def hourly(symbol: str) -> dict[int, float]:
    """Deviation of minute returns by hour of the trading day."""
    opens = 3 if CATALOGUE[symbol].kind == "fx" else 60 if CATALOGUE[symbol].kind != "crypto" else 0
    by_hour: dict[int, list[float]] = {}
    for session in minute_returns(symbol):
        for minute, value in enumerate(session):
            by_hour.setdefault((minute + opens) // 60, []).append(value)
    return {hour: pstdev(values) for hour, values in by_hour.items()}


def test_london_and_new_york_move_currencies_more_than_the_quiet_hours() -> None:
    deviation = hourly("EUR_USD")
    busy = fmean([deviation[hour] for hour in (10, 15, 16, 17)])  # 03:00 and 08:00 to 11:00 New York
    quiet = fmean([deviation[hour] for hour in (1, 6, 7, 22)])
    assert busy > 1.5 * quiet


def test_an_index_moves_most_around_its_opening_bell() -> None:
    deviation = hourly("NAS100_USD")
    assert deviation[16] > 2 * deviation[7]


def spreads(symbol: str, first_minute: int, last_minute: int) -> float:
    """Average spread in ticks between two minutes of the session, over thirty sessions."""
    book, found = book_of(symbol), []
    for number in range(number_of(symbol), number_of(symbol) + 30):
        session = book.path.session(number)
        for minute in range(first_minute, last_minute, 7):
            touch = book.touch(session, session.first + minute * MINUTE)
            found.append(touch.ask - touch.bid)
    assert min(found) >= 1
    return fmean(found)


@pytest.mark.parametrize("symbol", sorted(CATALOGUE))
def test_spreads_are_near_the_usual_in_busy_hours(symbol: str) -> None:
    assert 0.7 < spreads(symbol, 660, 1100) / CATALOGUE[symbol].spread_ticks < 1.3


@pytest.mark.parametrize("symbol", ["EUR_USD", "USD_MXN", "AUD_JPY"])
def test_spreads_are_wider_after_the_break(symbol: str) -> None:
    assert spreads(symbol, 0, 50) > 2.5 * spreads(symbol, 660, 1100)


@pytest.mark.parametrize("symbol", sorted(CATALOGUE))
def test_the_path_stays_about_its_level_for_a_century(symbol: str) -> None:
    path = book_of(symbol).path
    distances = [path.session(number).closing / UNIT for number in range(8000, 36000, 40)]
    year = CATALOGUE[symbol].volatility_bp / 10_000
    assert max(map(abs, distances)) < 4.5 * year
    assert abs(fmean(distances)) < 0.25 * year
    assert pstdev(distances) > 0.4 * year


def test_the_price_is_close_to_the_level_times_e_to_the_path() -> None:
    book, path = book_of("EUR_USD"), book_of("EUR_USD").path
    for number in range(9000, 33000, 700):
        session = path.session(number)
        touch = book.touch(session, session.last)
        mid = (touch.bid + touch.ask) / 2 / 108_500
        assert abs(log(mid) - session.closing / UNIT) < 0.002
