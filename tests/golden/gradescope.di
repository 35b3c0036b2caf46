{
 "score": 0.0,
 "execution_time": 11,
 "output": "The grader itself failed on this submission. This is no mark: no points are lost; a person looks.",
 "output_format": "text",
 "test_output_format": "text",
 "test_name_format": "text",
 "visibility": "visible",
 "stdout_visibility": "hidden",
 "extra_data": {
  "grader": "autograd-grader 0.1.0",
  "standing": "ours",
  "awaiting_review": 3.0
 },
 "tests": []
}
