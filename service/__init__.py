"""The billing API: tenants, keys, usage, and the ledger behind them."""
