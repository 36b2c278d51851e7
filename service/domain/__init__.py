"""What billing means, free of any framework."""
