"""The faces shown to people: the desk (typed verbs, the single door) and the codec endpoint.

Belongs here: what a person may do and see, in one call each. Does not: workflow code.
May import: infra, workflows, activities, rules, schemas; never workers.
"""
