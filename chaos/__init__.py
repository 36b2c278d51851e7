"""GameDays: break one thing on a real local stack and measure who was paged, when, and what survived."""
