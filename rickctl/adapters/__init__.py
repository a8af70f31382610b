"""Markets and brokers behind the domain's ports; one venue never imports another, and none imports the store."""
