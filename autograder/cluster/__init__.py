"""Grading on many machines: the same cases on a Dask.distributed cluster (docs/cluster.md).

    here                                   Dask                      each worker process
    address.py   what --scheduler names
    client.py    sends, keeps, orders ──▶ scheduling, retries ──▶ station.py   one warm fork server
    parcel.py    submission → bytes, bytes → what was found       parcel.py    the same, the other way round

Dask's own messages are pickles of our functions and of strings of bytes. Nothing that a student wrote is ever more than
such a string to it: a submission travels as JSON, and its report comes back as JSON with the tapes of its runs.
"""
