"""Where secrets come from and where they are kept; asks no venue, prints nothing."""
