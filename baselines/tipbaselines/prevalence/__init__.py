"""Baselines of prevalence: how many people are trafficked in a region, on any list or on none?"""
