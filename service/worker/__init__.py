"""What happens without a request: webhooks take effect, and standings are reviewed as time passes."""
