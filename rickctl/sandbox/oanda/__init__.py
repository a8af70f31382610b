"""OANDA v20 as a local exchange: its engine and its wire; nothing here is asked by rickctl's own order path."""
