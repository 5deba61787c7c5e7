"""Each act of a member, declared once: what it needs, who may, and which calls it comes to.

From one declaration come the form on the web (`web/views/acts.py`), the operation of the API and,
where it names one, the verb of the command line (`commands/verbs.py`). To add an act, add it to the
`ACTS` of the module of its noun; `catalogue.py` joins them.
"""
