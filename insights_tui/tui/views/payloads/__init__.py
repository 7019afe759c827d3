"""The view Payloads: what is accepted and what is in the topic, as it goes by."""
