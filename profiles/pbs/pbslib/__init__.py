"""The PBS commands of this profile: submit a job, watch all jobs with one query, cancel, show.

Only the standard library is used: the commands start without the workflow's environment, and fast.
"""
