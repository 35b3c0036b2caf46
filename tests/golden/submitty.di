{
 "status": "fail",
 "message": "Graded automatically: no mark\nThe grader itself failed on this submission. This is no mark: no points are lost; a person looks."
}
