"""Loss of power and steps of the wall clock, done to real programs through two small preloaded libraries."""
