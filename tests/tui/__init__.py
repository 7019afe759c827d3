"""The interface, driven by Pilot and fed with made-up snapshots."""
