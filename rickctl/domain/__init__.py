"""The centre: frozen values and pure rules; imports only the standard library and itself, no clock, no I/O."""
