"""The duties of the profiles, one family a module: figures and sources, and no arithmetic.

Every count stands here and nowhere else. `source` says where a figure comes from and how sure it
is: read in a named place, not confirmed, or a design choice of this project.
May import: schemas.
"""
