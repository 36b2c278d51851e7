"""Whether the boards show a fault: each is injected for a while, and every panel is compared with the calm before."""
