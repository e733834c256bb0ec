"""What the studio's jobs do, a file for each kind of work."""
