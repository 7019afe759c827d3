"""The view Algorithms: which report, how fast, what they report, and Insights on or off for each."""
