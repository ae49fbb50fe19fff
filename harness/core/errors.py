"""Every error the harness raises on purpose.

HarnessError
 +- UserError         something the user can mend; shown as one line: what, where, and the next command
 |   +- ConfigError   an override, group or file that does not parse
 |   +- WrongBox      the hardware asked for is not the hardware found
 |   +- NotFound      a model, artifact, suite, record or plan that is not there
 |   +- InvalidScores numbers no statistic can be computed from: NaN, outside [0, 1], none at all
 +- SchemaError       a stored record this version cannot read (too old or too new)
"""


class HarnessError(Exception):
    """Root of the tree; `hint` names the next command, without a full stop."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}; {self.hint}" if self.hint else message


class UserError(HarnessError):
    """What the user can mend."""

    exit_code = 2


class ConfigError(UserError):
    """An override, group or file that does not parse."""


class WrongBox(UserError):
    """The hardware asked for is not the hardware found."""


class NotFound(UserError):
    """A model, artifact, suite, record or plan that is not there."""


class InvalidScores(UserError, ValueError):
    """Numbers no statistic can be computed from."""


class SchemaError(HarnessError):
    """A stored record that this version cannot read."""
