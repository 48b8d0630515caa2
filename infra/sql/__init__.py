"""The SQL of the record: migrations, and named statements loaded by infra/statements.py."""
