"""The views Lost, Payloads and Algorithms under a pilot, with an agent from memory."""
