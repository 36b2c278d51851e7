"""What runs against what is written: rules, dashboards and routes."""
