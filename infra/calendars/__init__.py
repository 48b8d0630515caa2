"""Working-day calendars: files of bank holidays with their source, and what reads them.

Belongs here: one JSON file per place and its loader. Does not: counting, which is rules' work.
May import: schemas.
"""
