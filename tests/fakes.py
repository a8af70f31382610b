"""Stand-ins for the ports, each as small as its promise: a clock that is set, a market that is written down."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rickctl.domain.credentials import Found, ProbeAnswer, Secret
from rickctl.domain.errors import SetupError
from rickctl.domain.instruments import Instruments
from rickctl.domain.market import Phase, Quote, Step
from rickctl.domain.streaming import StreamCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rickctl.domain.credentials import Login, Slot
    from rickctl.domain.market import Bar, Cursor, Instrument, Watch
    from rickctl.domain.scope import Mode


class FakeClock:
    """A clock that stands still until somebody sleeps on it; records how long each sleep was."""

    def __init__(self, now_ns: int = 0) -> None:
        self.at_ns = now_ns
        self.slept_ns: list[int] = []

    def now_ns(self) -> int:
        """The instant it was set to, plus every sleep."""
        return self.at_ns

    def sleep_ns(self, length_ns: int) -> None:
        """Move on without waiting."""
        self.slept_ns.append(length_ns)
        self.at_ns += max(0, length_ns)


class FakeMarket:
    """A market that does exactly the steps it was given.

    Its quote is the last POINT. `closed` are intervals `(from_ns, to_ns)` in which nothing trades, whatever the steps.
    With `stands` the last POINT can be traded on at any time (ticks); without, only at its own instant (bars).
    """

    source = "fake"

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        closed: Iterable[tuple[int, int]] = (),
        stands: bool = True,
        instruments: Mapping[str, Instrument] | None = None,
    ) -> None:
        self.instruments: Mapping[str, Instrument] = instruments or Instruments()
        self.closed = tuple(closed)
        self._stands = stands
        self._steps: dict[str, list[Step]] = {}
        for step in sorted(steps, key=lambda step: step.cursor):
            self._steps.setdefault(step.symbol, []).append(step)

    def add(self, step: Step) -> None:
        """One more step, later than all of its symbol so far."""
        steps = self._steps.setdefault(step.symbol, [])
        assert not steps or steps[-1].cursor < step.cursor
        steps.append(step)

    def last_point(self, symbol: str, at_ns: int) -> Step | None:
        """The last POINT by then, as it was."""
        return self._last_point(symbol, at_ns)

    def quote(self, symbol: str, at_ns: int) -> Quote:
        """The last POINT by then; nothing known before the first."""
        step = self._last_point(symbol, at_ns)
        instrument = self.instruments[symbol]
        return Quote(
            symbol=symbol,
            bid=None if step is None else instrument.price(step.bid_low),
            ask=None if step is None else instrument.price(step.ask_low),
            source=self.source,
            tradeable=step is not None and self._is_open(at_ns),
            changed_ns=0 if step is None else step.at_ns,
            asserted_ns=at_ns,
            received_ns=at_ns,
        )

    def point(self, symbol: str, at_ns: int) -> Step | None:
        """The last POINT, moved to now; of bars only at its own instant."""
        step = self._last_point(symbol, at_ns)
        if step is None or not self._is_open(at_ns) or not (self._stands or step.at_ns == at_ns):
            return None
        return step._replace(from_ns=at_ns, at_ns=at_ns)

    def next_step(self, symbol: str, watch: Watch, after: Cursor, until_ns: int) -> Step | None:
        """The first step that wakes the watch, found by looking at every one."""
        for step in self._steps.get(symbol, ()):
            tradeable = step.phase == Phase.RANGE or self._is_open(step.at_ns)
            if step.cursor > after and step.at_ns <= until_ns and tradeable and watch.wakes(step):
                return step
        return None

    def bars(self, symbol: str, granularity: str, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:  # noqa: ARG002
        """None: it has steps only."""
        return []

    def next_open_ns(self, symbol: str, at_ns: int) -> int | None:  # noqa: ARG002
        """`at_ns`, or the end of the closure it lies in."""
        return next((end for start, end in self.closed if start <= at_ns < end), at_ns)

    def next_close_ns(self, symbol: str, at_ns: int) -> int | None:  # noqa: ARG002
        """The beginning of the next closure; None where there is none, or it is closed already."""
        if not self._is_open(at_ns):
            return None
        return min((start for start, _ in self.closed if start > at_ns), default=None)

    def _is_open(self, at_ns: int) -> bool:
        return not any(start <= at_ns < end for start, end in self.closed)

    def _last_point(self, symbol: str, at_ns: int) -> Step | None:
        points = (step for step in self._steps.get(symbol, ()) if step.phase == Phase.POINT and step.at_ns <= at_ns)
        return max(points, key=lambda step: step.at_ns, default=None)


def point(
    at_ns: int,
    bid: str,
    ask: str,
    *,
    symbol: str = "EUR_USD",
    bid_size: int | None = None,
    ask_size: int | None = None,
) -> Step:
    """A price at an instant; sizes are in unit increments."""
    low, high = ticks(symbol, bid), ticks(symbol, ask)
    return Step(symbol, at_ns, at_ns, Phase.POINT, low, low, high, high, bid_size, ask_size)


def span(from_ns: int, at_ns: int, bid: tuple[str, str], ask: tuple[str, str], *, symbol: str = "EUR_USD") -> Step:
    """What an interval reached, as (low, high) of either side."""
    reached = (ticks(symbol, bid[0]), ticks(symbol, bid[1]), ticks(symbol, ask[0]), ticks(symbol, ask[1]))
    return Step(symbol, from_ns, at_ns, Phase.RANGE, *reached)


def ticks(symbol: str, price: str) -> int:
    """A price as whole increments of a listed instrument."""
    return Instruments()[symbol].ticks(Decimal(price))


class FakeProbe:
    """A venue that knows some tokens in some modes, and can be away; records what it was asked."""

    def __init__(
        self,
        known: Mapping[tuple[Mode, str], tuple[str, ...]],
        *,
        skew_ms: int | None = 0,
        permissions: tuple[str, ...] = (),
        failure: Exception | None = None,
    ) -> None:
        self._known = known
        self._skew_ms = skew_ms
        self._permissions = permissions
        self._failure = failure
        self.asked: list[Mode] = []

    def check(self, mode: Mode, token: Secret) -> ProbeAnswer:
        """The accounts of a token it knows there; raises what it was told to, or `bad_token`."""
        self.asked.append(mode)
        if self._failure is not None:
            raise self._failure
        if (mode, token.reveal()) not in self._known:
            message = f"oanda {mode.value} does not know this token"
            raise SetupError(message, code="bad_token")
        return ProbeAnswer(self._known[mode, token.reveal()], self._permissions, self._skew_ms)


class FakeVault:
    """A keyring in memory; with `failure` every call raises it."""

    def __init__(self, held: Mapping[Slot, str] | None = None, *, failure: SetupError | None = None) -> None:
        self.held = dict(held or {})
        self.failure = failure
        self.loads = 0

    def load(self, slots: Sequence[Slot]) -> dict[Slot, Found]:
        """What it holds of those."""
        self.loads += 1
        self._fail()
        return {slot: Found(Secret(self.held[slot]), slot, "keyring", "fake") for slot in slots if slot in self.held}

    def save(self, slot: Slot, secret: Secret) -> str:
        """Keep one."""
        self._fail()
        self.held[slot] = secret.reveal()
        return "fake keyring"

    def remove(self, slot: Slot) -> bool:
        """Forget one."""
        self._fail()
        return self.held.pop(slot, None) is not None

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeLoginBook:
    """The logins of a machine in memory."""

    def __init__(self, logins: Iterable[Login] = ()) -> None:
        self.logins = list(logins)

    def load(self) -> list[Login]:
        """All of them."""
        return list(self.logins)

    def save(self, logins: Sequence[Login]) -> None:
        """Replace them."""
        self.logins = list(logins)


class SendingMarket(FakeMarket):
    """A market that also sends prices by itself: a batch a read, None for a read in which the link is silent.

    Each read takes a tenth of the time it was given; when nothing is left it takes all of it.
    """

    def __init__(self, batches: Iterable[Sequence[Quote] | None], clock: FakeClock) -> None:
        super().__init__([])
        self._batches = list(batches)
        self._clock = clock
        self.is_alive = True
        self.counts = StreamCounts(0, 0, 0, 1)
        self.closed_streams = 0

    def open_stream(self, symbols: Sequence[str]) -> SendingMarket:
        """Itself."""
        del symbols
        return self

    def read(self, wait_ns: int) -> Sequence[Quote]:
        """The next batch."""
        self._clock.sleep_ns(wait_ns // 10 if self._batches else wait_ns)
        batch = self._batches.pop(0) if self._batches else ()
        self.is_alive = batch is not None
        return batch or ()

    def stop(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """Count."""
        self.closed_streams += 1
