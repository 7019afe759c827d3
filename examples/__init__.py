"""Services that report to Insights, each with a README of its own."""
