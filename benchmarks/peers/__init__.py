"""Compare the workflow with what people would use instead, on the same launches of 6SV.

``make benchmark-peers`` runs it. The modules import one way: ``case`` (what is launched),
``processes`` (what a command costs), ``contenders`` (who launches it), ``kill`` (what happens when
a part is killed), ``tables`` (what the pages show), ``__main__``. ``dask_bag``, ``py6s_pool``,
``hyperqueue_tasks`` and ``shell_tool/`` are programs that contenders run.
"""
