"""The spool: what it keeps, through crashes, broken files and full disks."""
