"""What stops a measurement, in one sentence."""


class BenchError(Exception):
    """It cannot go on, and a figure made nevertheless would be a wrong one."""
