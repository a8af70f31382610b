"""One module a noun: parse, one service call, one render call; no rules, no I/O, no formatting here."""
