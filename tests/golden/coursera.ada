{
 "fractionalScore": 0.333333,
 "feedback": "Graded automatically: 4 of 12 points\n2 of 12 points await a person, and are not in the score yet.\nAbout sin_derivative: 4 of 9\n✓ A backward pass gives f′ at every x\n✗ f and f′ are drawn: Look at the mean. (cell 4)\n? Why, in words: This part is answered in words, so a person reads it. Until then its points are neither given nor lost. (cell 5)\nAbout jacobian: 0 of 3\nNothing in the submission is about this exercise.\nNote: cell 2: curly quotes were read as straight ones"
}
