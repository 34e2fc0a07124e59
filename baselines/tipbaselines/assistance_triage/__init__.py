"""Baselines of assistance_triage: what does this person need, and how soon?"""
