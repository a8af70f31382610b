"""The centre: frozen values and pure rules; imports only the standard library and itself, reads no clock, does no I/O."""
