# Sourced by the script that a host starts, which has set `host`, `source` (our code), `seconds` (that we have), `here`
# (an argument for our module) and `say` (what writes a sentence as the host's result).

# Nothing that decides about a grade is for a submission to read, or to write. Who is no root cannot always say so.
chmod -R o-rwx "$source/graders" "$source/exercises" "$source/autograder/judge.py" "$source/autograder/oracle.py" 2>/dev/null

python=${AUTOGRAD_VENV:-/opt/autograd-grader}/bin/python
[ -x "$python" ] || python=$(command -v python3)
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 MPLBACKEND=Agg PYTHONDONTWRITEBYTECODE=1
cd "$source" && timeout --kill-after=10 "$seconds" "$python" -m "autograder.hosts.$host" "$here"
code=$?
case $code in
0) ;;
1) ;; # it has said so itself
124 | 137) say "The grader was stopped: it needed more time or memory than it has here. Look for an endless loop or a very large tensor. This is no mark; tell your instructor if it stays." ;;
*) say "The grader could not start, which is no fault of yours. This is no mark; tell your instructor." ;;
esac
