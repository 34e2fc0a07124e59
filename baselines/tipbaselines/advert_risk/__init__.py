"""Baselines of advert_risk: which adverts come from a trafficking operation?"""
