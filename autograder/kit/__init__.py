"""For authors of exercises: `grade.py new` makes one, `grade.py check` tries out all that is claimed of it."""
