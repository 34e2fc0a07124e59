"""Baselines of advert_authorship: contacts and images hidden, who wrote this?"""
