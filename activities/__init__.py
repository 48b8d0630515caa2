"""The steps of a journey, written against ports.

Belongs here: ports.py (Protocols) and small classes whose fields are ports; one step is one
port call and one transaction. Does not: SQL, HTTP, cryptography.
May import: rules, schemas, temporalio.activity.
"""
