"""Garments in photographs: where they are (masks), how they lie (fields), and cloth draped on them (renderer)."""
