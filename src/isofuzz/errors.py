"""Every error that isofuzz raises for a person to read.

    IsofuzzError
    ├── UsageError            what was asked for is off: exit code 2
    │   ├── TargetMistake     the target class says something that cannot be meant
    │   └── CaseUnreadable    a case file is truncated, edited or from a future version
    └── InfrastructureError   what isofuzz stands on failed: neither a leak nor a pass, exit code 2
        ├── ServicesUnavailable   no service could be had, or it is not safe to use
        └── SystemDown            the system under test did not start, or died

`Refused` is not among them: it is the system under test saying no, and lives with the target API.
"""


class IsofuzzError(Exception):
    """A problem that one clear message explains; the command line prints it without a traceback."""


class UsageError(IsofuzzError):
    """What was asked for cannot be done as asked; the message says what to write instead."""


class TargetMistake(UsageError):
    """A target declares something that cannot be meant."""


class CaseUnreadable(UsageError):
    """A file is not a case that this version can read."""


class InfrastructureError(IsofuzzError):
    """Something that isofuzz stands on failed, so nothing can be said about isolation."""


class ServicesUnavailable(InfrastructureError):
    """A service cannot be had, or using it would not be safe."""


class SystemDown(InfrastructureError):
    """The system under test did not start, hung, or died; carries its log's last lines in the message."""
