Graded automatically: 4 of 12 points
2 of 12 points await a person, and are not in the score yet.
About sin_derivative: 4 of 9
✓ A backward pass gives f′ at every x
✗ f and f′ are drawn: Look at the mean. (cell 4)
? Why, in words: This part is answered in words, so a person reads it. Until then its points are neither given nor lost. (cell 5)
About jacobian: 0 of 3
Nothing in the submission is about this exercise.
Note: cell 2: curly quotes were read as straight ones
{"scores": {"sin_derivative": 4.0, "jacobian": 0.0}}
