"""A user's own data: the format of its config, its files and tables, and the folds and answers made of them."""
