"""Baselines of advert_reading: which listed facts and levels does this advert state?"""
