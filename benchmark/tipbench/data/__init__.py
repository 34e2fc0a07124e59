"""What a method is given: folds of a release, their splits, supervision and streams."""
