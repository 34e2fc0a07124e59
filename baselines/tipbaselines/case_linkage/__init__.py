"""Baselines of case_linkage: which accounts, wallets, circuits and firms belong to the operation of an advert?"""
