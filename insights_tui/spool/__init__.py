"""Where accepted payloads live until their outcome is final."""
