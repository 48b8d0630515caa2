"""The embedded stack: real processes, real servers, real files."""
