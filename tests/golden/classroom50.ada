{
 "schema": "classroom50/result/v1",
 "classroom": "cs-principles",
 "assignment": "hw1",
 "assignment_type": "individual",
 "owner": "ada",
 "submission": "submit/2026-06-01T14-32-05Z-a1b2c3d",
 "commit": "https://git.example/c",
 "release": "https://git.example/r",
 "review": "https://git.example/c",
 "datetime": "2026-03-01T10:00:11Z",
 "graded_at": "2026-03-01T10:00:11Z",
 "score": 4,
 "max-score": 12,
 "tests": [
  {
   "test-name": "A backward pass gives f′ at every x (About sin_derivative)",
   "passed": true,
   "score": 4,
   "max-score": 4,
   "message": ""
  },
  {
   "test-name": "f and f′ are drawn (About sin_derivative)",
   "passed": false,
   "score": 0,
   "max-score": 3,
   "message": "Look at the mean. (cell 4)"
  },
  {
   "test-name": "Why, in words (About sin_derivative)",
   "passed": false,
   "score": 0,
   "max-score": 2,
   "message": "This part is answered in words, so a person reads it. Until then its points are neither given nor lost. (cell 5)"
  },
  {
   "test-name": "f and f′ are drawn (About jacobian)",
   "passed": false,
   "score": 0,
   "max-score": 3,
   "message": "Nothing that ran answers this part yet. Look at whether its cell runs to the end, and whether the result is kept or shown."
  }
 ]
}
