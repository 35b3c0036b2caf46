Graded automatically: no mark
This is no mark, since nothing was graded: unreadable: hw.ipynb breaks off in the middle.
{"scores": {}}
