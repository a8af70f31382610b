"""Our own simulated exchange: wires of venues over one loopback server; imports the domain only."""
