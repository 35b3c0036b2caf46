{
 "score": 0.0,
 "execution_time": 11,
 "output": "This is no mark, since nothing was graded: unreadable: hw.ipynb breaks off in the middle.",
 "output_format": "text",
 "test_output_format": "text",
 "test_name_format": "text",
 "visibility": "visible",
 "stdout_visibility": "hidden",
 "extra_data": {
  "grader": "autograd-grader 0.1.0",
  "standing": "ungradable",
  "awaiting_review": 0.0
 },
 "tests": []
}
