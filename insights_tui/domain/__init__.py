"""What the program is about: frozen dataclasses and pure functions, no I/O."""
