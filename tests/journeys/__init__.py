"""Whole stories on the whole stack: real servers, and our worker as a process of its own."""
