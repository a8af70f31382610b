"""Durable state: the only package that knows SQL; it never decides what an order may do."""
