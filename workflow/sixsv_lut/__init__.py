"""6SV look-up tables: everything of the workflow that works without Snakemake.

The modules import one way, lower ones never higher ones:

1. ``axes``, ``instruments``, ``errors``: what can be asked for.
2. ``configuration``, ``campaign``, ``grid``: what was asked for.
3. ``executable``, ``responses``, ``deck``, ``output``, ``launcher``, ``recipe``: one launch.
4. ``parameters``, ``store``, ``batch``: many launches, safely kept.
5. ``lut``, ``progress``, ``summary``: what comes out.
"""

__version__ = "0.1.0"

# Part of every fingerprint: raise it when the same campaign would give 6SV another deck, or when
# the same report would be read as other numbers.
DECK_VERSION = 1
