"""Addresses as they may be shown: passwords and tokens in them are masked, wherever they stand."""

import logging
import re

_USER = re.compile(r"""(?P<scheme>\b[a-zA-Z][\w+.-]*)://(?P<user>[^/\s'"<>]*)@""")
_SECRET = re.compile(
    r"""(?P<name>[?&;][\w.-]*(?:token|passw(?:or)?d|passwd|pwd|secret|signature|sig|credential|"""
    r"""api[_-]?key|accesskeyid)[\w.-]*=)[^&;\s'"<>)]+""",
    re.IGNORECASE,
)
_NAMED = {"ssh", "sftp", "scp", "hdfs", "webhdfs"}  # a name alone is no secret there


def masked(text: str) -> str:
    """A text in which no address shows a password, a token, or a name that may be a token."""
    return _SECRET.sub(r"\g<name>***", _USER.sub(_masked_user, text))


def _masked_user(found: re.Match[str]) -> str:
    scheme, user = found["scheme"], found["user"]
    if ":" not in user and scheme.lower() in _NAMED:
        return found[0]
    return f"{scheme}://***@"


class MaskedFormatter(logging.Formatter):
    """Writes log lines, and tracebacks in them, with masked addresses."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        return masked(super().format(record))
