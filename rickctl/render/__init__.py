"""Results to bytes: JSON, CSV, plain text, terminal; the only importer of rich, and it decides nothing."""
