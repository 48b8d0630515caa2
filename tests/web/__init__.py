"""The desk and the codec endpoint, from outside."""
