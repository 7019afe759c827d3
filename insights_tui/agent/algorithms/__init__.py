"""Algorithms: which report, what they report, and whether Insights is on."""
