"""Baselines of account_risk: which accounts belong to a trafficking operation, judged by their ties?"""
