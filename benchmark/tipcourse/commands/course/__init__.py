"""``tipbench course``: eight lessons for a class: list, start, grade.

examples, for students:
  tipbench course start                           lists the lessons
  tipbench course start leakage                   writes 01_leakage.ipynb; open it with Jupyter
  tipbench course grade 01_leakage.ipynb          the open checks
examples, for lecturers:
  tipbench course start all --to handout
  tipbench course start leakage --solutions --to ~/lecture
  tipbench course start all --key ~/lecture/key.json
  tipbench course grade handed-in/ key=~/lecture/key.json --csv marks.csv

Answers run behind a fence, which needs Linux; elsewhere, or in a container that lets none be built, with fence=off:
then they run as you, with your files. See docs/course/README.md.
"""
