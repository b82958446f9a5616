"""6SV look-up tables: everything of the workflow that works without Snakemake.

The modules import one way, from the bottom up, never down:

1. ``errors``, ``files``, ``environment``, ``readable``, ``axes``, ``instruments``, ``deck``,
   ``output``: what a launch is.
2. ``executable``, ``configuration``, ``campaign``, ``grid``: what was asked for.
3. ``responses``, ``recipe``, ``launcher``, ``probe``: what one band needs.
4. ``records``, ``journal``, ``sealed``, ``store``, ``parameters``, ``batch``: many launches, safely
   kept.
5. ``state``, ``accounting``, ``status``, ``plan``, ``plan_text``: how far a campaign is, what it
   has cost, and what it will.
6. ``lut``, ``progress``, ``summary``, ``run``, ``scheduling``, ``script``: what comes out, and what
   surrounds it.
"""

__version__ = "0.1.0"

# Part of every fingerprint: raise it when the same campaign would give 6SV another deck, or when
# the same report would be read as other numbers.
DECK_VERSION = 1

# The same for decks and reports of `run6sv`, whose fingerprints it is a part of besides.
RUN6SV_VERSION = 2
