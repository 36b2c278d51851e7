"""The ledger of tenants and usage, kept in Redis."""
