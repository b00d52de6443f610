"""Times and sizes as people write them."""

import re

from isofuzz.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([mg])b?", re.IGNORECASE)
_BYTES = {"m": 2**20, "g": 2**30}


def seconds(text: str, option: str) -> float:
    """How long `8h`, `90m`, `1h30m` or `45s` is; raises UsageError that names the option."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"{option} {text!r} is no time; write one such as 8h, 90m, 1h30m or 45s")
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not total:
        raise UsageError(f"{option} {text} is no time at all; write one such as 8h, 90m, 1h30m or 45s")
    return float(total)


def size(text: str, option: str) -> int:
    """How many bytes `512m` or `2g` is; raises UsageError that names the option."""
    match = _SIZE.fullmatch(text)
    if not match or not float(match[1]):
        raise UsageError(f"{option} {text!r} is no size; write one such as 512m or 2g")
    return int(float(match[1]) * _BYTES[match[2].lower()])
