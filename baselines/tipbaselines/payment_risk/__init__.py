"""Baselines of payment_risk: which payments carry proceeds or control?"""
