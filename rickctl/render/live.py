"""Repaints one screen in place with rich, at most ten times a second; restores the cursor however it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.live import Live
from rich.text import Text

from rickctl.render.terminal import open_console, page_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from rich.text import Span

    from rickctl.render.layout import Screen
    from rickctl.render.view import Line, Table


class LiveScreen:
    """A block of lines that replaces itself; a context manager, so that Ctrl-C leaves a clean terminal."""

    def __init__(self, badge: str, screen: Screen, out: TextIO) -> None:
        self._badge = badge
        self._screen = screen
        self._live = Live(console=open_console(screen, out), auto_refresh=False, vertical_overflow="crop")
        self._shown: tuple[str, list[Span]] | None = None

    def __enter__(self) -> LiveScreen:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def paint(self, blocks: Sequence[Table | Line]) -> None:
        """Show these blocks; a screen that has not changed costs no drawing."""
        page = Text("\n", no_wrap=True).join(page_texts(self._badge, blocks, self._screen.width))
        shown = (page.plain, page.spans)
        if shown != self._shown:
            self._shown = shown
            self._live.update(page, refresh=True)


def paint_all(badge: str, screen: Screen, out: TextIO, frames: Iterator[Callable[[], Sequence[Table | Line]]]) -> None:
    """Paint each frame as it comes, until the frames end."""
    with LiveScreen(badge, screen, out) as live:
        for frame in frames:
            live.paint(frame())
