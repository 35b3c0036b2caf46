{
 "gradable": true,
 "score": 0.333333,
 "output": "2 of 12 points await a person, and are not in the score yet.\nNote: cell 2: curly quotes were read as straight ones",
 "tests": [
  {
   "name": "About sin_derivative: A backward pass gives f′ at every x",
   "points": 4,
   "max_points": 4,
   "message": ""
  },
  {
   "name": "About sin_derivative: f and f′ are drawn",
   "points": 0.0,
   "max_points": 3,
   "message": "Look at the mean. (cell 4)"
  },
  {
   "name": "About sin_derivative: Why, in words",
   "points": 0.0,
   "max_points": 2,
   "message": "Not lost, a person looks: This part is answered in words, so a person reads it. Until then its points are neither given nor lost. (cell 5)"
  },
  {
   "name": "About jacobian: f and f′ are drawn",
   "points": 0.0,
   "max_points": 3,
   "message": "Nothing that ran answers this part yet. Look at whether its cell runs to the end, and whether the result is kept or shown."
  }
 ]
}
