"""Several agents, read-only screens, remapped keys, agents that change under the screen."""
