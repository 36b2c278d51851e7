"""How the SLOs fared over a month or a quarter, as a page, as Markdown and as data."""
