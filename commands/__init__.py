"""The verbs of the command line: one module per group, thin over web/desk.py.

Belongs here: arguments, help texts, rendering. Does not: decisions or storage.
Imports of ours stay inside functions, so that `--help` and tab completion answer at once.
May import: everything below; nobody imports it but safepath.py.
"""
