"""The review desk: what awaits a person, settled in a browser, over the store of a results folder.

    store ──▶ state.py: the grading and the decisions, as they are now ──▶ queue.py: what can be decided, in order
                 ▲                                                            │
    deciding.py: a form → rulings ◀── app.py: addresses ◀── door.py     pages.py, templates/: what is shown
                                                                              anonymous.py: … of whom
    results.py: decisions → results.json, gradebook.csv, pages      serve.py: a port of this machine, from open to close

Every decision is in the store before the browser hears of it. Results are written a moment later, and when the desk
is left; if that never happens, the next desk or the next grading does it. docs/review.md is for instructors, and
SECURITY.md says what the open port may be asked, and by whom.
"""
