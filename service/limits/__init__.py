"""Who may ask how often: quotas that all processes share, and what stands in for them."""
