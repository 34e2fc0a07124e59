"""Baselines of flag_aggregation: which flagged adverts are harmful, given the votes of reviewers?"""
