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
 "score": 0,
 "max-score": 0,
 "tests": []
}
