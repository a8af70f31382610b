"""Use cases: domain values in, domain values out, ports as arguments; never imports an adapter, the store or the screen."""
