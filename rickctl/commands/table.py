"""Every first word of the command line, where it stands in the help, and the module that holds it; imports none."""

from __future__ import annotations

from typing import NamedTuple


class Noun(NamedTuple):
    """A first word, the heading it stands under, what it does, and the module that holds it."""

    name: str
    group: str
    summary: str
    module: str


NOUNS: tuple[Noun, ...] = (
    Noun("quote", "Prices", "bid, ask, spread and age of symbols", "rickctl.commands.quote"),
    Noun("stream", "Prices", "prices as they change", "rickctl.commands.stream"),
    Noun("candles", "Prices", "bars of one symbol", "rickctl.commands.candles"),
    Noun("order", "Trading", "place, cancel, modify, list and explain orders", "rickctl.commands.order"),
    Noun("why", "Trading", "an order explained in plain English", "rickctl.commands.why"),
    Noun("positions", "Trading", "what is open, in one account or in all", "rickctl.commands.positions"),
    Noun("position", "Trading", "close what is open", "rickctl.commands.position"),
    Noun("pnl", "Trading", "realised, unrealised and fees", "rickctl.commands.pnl"),
    Noun("account", "Trading", "paper accounts: create, fund, advance, close", "rickctl.commands.account"),
    Noun("arm", "Rules", "let one LIVE account add risk for a while", "rickctl.commands.arm"),
    Noun("disarm", "Rules", "close LIVE's windows at once", "rickctl.commands.disarm"),
    Noun("pin", "Rules", "the PIN that opens LIVE", "rickctl.commands.pin"),
    Noun("kill", "Rules", "stop everything that could add risk", "rickctl.commands.kill"),
    Noun("resume", "Rules", "allow entries again, by a person", "rickctl.commands.resume"),
    Noun("charter", "Rules", "the limits every order must pass", "rickctl.commands.charter"),
    Noun("journal", "Rules", "the record of everything, and its proof", "rickctl.commands.journal"),
    Noun("broker", "House", "which brokers there are and what they can do", "rickctl.commands.broker"),
    Noun("login", "House", "keep a broker's token in the keyring", "rickctl.commands.login"),
    Noun("logout", "House", "forget a broker's token", "rickctl.commands.logout"),
    Noun("whoami", "House", "who this machine is at every venue", "rickctl.commands.whoami"),
    Noun("sandbox", "House", "our own exchange, in a venue's words", "rickctl.commands.sandbox"),
    Noun("status", "House", "what stands and what is stopped", "rickctl.commands.status"),
    Noun("doctor", "House", "whether everything here is in order", "rickctl.commands.doctor"),
    Noun("config", "House", "settings and where they come from", "rickctl.commands.config"),
    Noun("complete", "House", "the completion script of your shell", "rickctl.commands.complete"),
    Noun("schema", "House", "the command tree as JSON", "rickctl.commands.schema"),
)
