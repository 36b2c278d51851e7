"""Where missing programs come from: Debian packages, Go modules, the collector builder, Python wheels, npm."""
