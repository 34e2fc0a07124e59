"""The contract of a method: what every baseline that comes with tipbench keeps, for anybody's class.

``promises`` lists what is promised, ``trial`` runs a method so that it can be seen, ``check`` goes through the list.
"""
