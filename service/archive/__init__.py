"""The journal on disk: for each shard a chain of hashed lines in segments, written once and never changed."""
