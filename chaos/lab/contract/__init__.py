"""The emission contract: what rules, panels and alerts name is emitted, and what is emitted is named."""
