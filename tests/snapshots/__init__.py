"""Every view in every state at three sizes, as text that is committed; README.md says how."""
