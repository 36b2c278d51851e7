"""The Collector: its configuration, and the part of it that follows from the metric registry."""
