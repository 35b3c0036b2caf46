{
 "score": 4.0,
 "execution_time": 11,
 "output": "2 of 12 points await a person, and are not in the score yet.\nNote: cell 2: curly quotes were read as straight ones",
 "output_format": "text",
 "test_output_format": "text",
 "test_name_format": "text",
 "visibility": "visible",
 "stdout_visibility": "hidden",
 "extra_data": {
  "grader": "autograd-grader 0.1.0",
  "standing": "graded",
  "awaiting_review": 2.0
 },
 "tests": [
  {
   "score": 4.0,
   "max_score": 4.0,
   "status": "passed",
   "number": "1.1",
   "name": "About sin_derivative: A backward pass gives f′ at every x",
   "output": "",
   "tags": [
    "sin_derivative"
   ],
   "visibility": "visible"
  },
  {
   "score": 0.0,
   "max_score": 3.0,
   "status": "failed",
   "number": "1.2",
   "name": "About sin_derivative: f and f′ are drawn",
   "output": "Look at the mean. (cell 4)",
   "tags": [
    "sin_derivative"
   ],
   "visibility": "visible"
  },
  {
   "number": "1.3",
   "name": "About sin_derivative: Why, in words",
   "output": "This part is answered in words, so a person reads it. Until then its points are neither given nor lost. (cell 5)",
   "tags": [
    "sin_derivative"
   ],
   "visibility": "visible"
  },
  {
   "score": 0.0,
   "max_score": 3.0,
   "status": "failed",
   "number": "2.1",
   "name": "About jacobian: f and f′ are drawn",
   "output": "Nothing that ran answers this part yet. Look at whether its cell runs to the end, and whether the result is kept or shown.",
   "tags": [
    "jacobian"
   ],
   "visibility": "visible"
  }
 ]
}
