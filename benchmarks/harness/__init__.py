"""What the gate programs share: numbered payloads, a loader, a reader of the topic, the agent, a sampler, reports."""
