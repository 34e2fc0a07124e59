"""Baselines of account_risk: which accounts belong to a trafficking operation, by whom they tie themselves to?"""
