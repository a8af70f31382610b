"""Use cases: domain values in and out, ports as arguments; never imports an adapter, the store or the screen."""
