"""Baselines of advert_linkage: which adverts have one operator?"""
