"""The untrusted side: with `wire` all of ours that shares a process with a student's code."""
