Graded automatically: no mark
The grader itself failed on this submission. This is no mark: no points are lost; a person looks.
{"scores": {}}
