"""A proposed SLO or policy over stored history: when it would have alerted, how well, and at what cost."""
