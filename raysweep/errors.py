"""The one exception that is shown to a person instead of a traceback."""


class UserError(Exception):
    """Something the user gave cannot be used.

    The message names the thing, the value that was given, and what to do about it. The command line prints it
    alone and exits with code 2.
    """
