"""tipboard: the leaderboard above tipbench: submissions, boards and their sites, seasons."""
