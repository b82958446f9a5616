"""Reduced launches: the values of a block from a part of its launches.

A block is all points with one pair of zenith angles. `search.search` finds out which of them must
be launched, and gives a skeleton, from which `skeleton.derive` computes the others.
`sixsv_lut.campaign.hold_out` says how far these are from 6SV in a whole band.
"""
