"""Baselines of supplier_risk: which suppliers should be audited first?"""
