"""The command line: thin verbs, everything imported lazily."""
