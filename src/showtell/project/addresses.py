"""Addresses as they may be shown: passwords and tokens in them are masked, wherever they stand."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from showtell.project.errors import UserError

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


def masked_values(value: Any) -> Any:
    """The same for every text in nested JSON values, keys too."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {masked_values(key): masked_values(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked_values(inner) for inner in value]
    return value


def refuse_secrets(parameters: Any) -> None:
    """Stop at a parameter with a password: a job's parameters are part of what is shared of it.

    They stand in its command, in Snakemake's record of its files and in its benchmark.
    """
    for path, text in _texts(parameters, ""):
        if masked(text) != text:
            raise UserError(
                f"{path} is {masked(text)}: a password or a token there would be written beside "
                "the results and shared with them. Download the file yourself and name its "
                "folder instead."
            )


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{index}")


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
