"""From predictions to scores with intervals, comparisons and upper references."""
