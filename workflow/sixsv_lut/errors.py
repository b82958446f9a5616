"""The error that is meant for the person who runs the campaign."""


class CampaignError(Exception):
    """Something the user can mend: the message says what is wrong, where, and what to do."""
