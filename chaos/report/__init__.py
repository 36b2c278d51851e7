"""The report of a run: one HTML page that needs nothing else, the same in Markdown, and the picture in both."""
