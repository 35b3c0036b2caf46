{
 "status": "fail",
 "message": "Graded automatically: no mark\nThis is no mark, since nothing was graded: unreadable: hw.ipynb breaks off in the middle."
}
