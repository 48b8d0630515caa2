"""What the demonstration shows: fictional data that ships with the package.

Belongs here: invented organisations and services. Does not: anything real, any address.
May import: nothing.
"""
