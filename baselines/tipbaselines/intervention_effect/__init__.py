"""Baselines of intervention_effect: what did a platform's closure, or a campaign, change?"""
