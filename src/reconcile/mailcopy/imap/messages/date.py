"""When a message arrived: its INTERNALDATE, or the best its header says where a server gives none or an odd one. Pure.

RFC 3501 §9 (date-time), RFC 5322 §3.6 (Date, Received). Old hosts answer ``00-Jan-0000``, 31 June, zones of 99 hours,
NIL or nothing at all; a new server may refuse such a date, or keep another in its place.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import re
from typing import NewType

#: A date-time as it stands on a command line, with its quotes; b"" for none.
DateTime = NewType("DateTime", bytes)
NO_DATE = DateTime(b"")
#: Seconds since 1970 before which no mail arrived, and seconds by which a server's clock may be ahead of ours.
EARLIEST, AHEAD = 0, 86_400
#: Hours by which a zone differs from UTC at most; seconds of a year.
ZONE_MOST, YEAR = 14, 31_556_952

_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DATE = re.compile(rb"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\s*")
#: Certainly a moment, written as RFC 3501 has it, unless it lies ahead; the others are examined.
_USUAL = re.compile(
    rb"(?:[ 0][1-9]|1\d|2[0-8])-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-(?:19(?:7[1-9]|[89]\d)|20\d\d) "
    rb"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d [+-](?:0\d|1[0-3])[0-5]\d"
)
_FIELD = re.compile(rb"^(Date|Received):((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)


def moment(date: bytes) -> int | None:
    """An INTERNALDATE as seconds since 1970 in UTC; None when it is not one, or no day of the calendar."""
    found = _DATE.fullmatch(date)
    if not found or found[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[n]) for n in (1, 3, 4, 5, 6))
    hours, minutes = int(found[8]), int(found[9])
    if hours > ZONE_MOST or minutes > 59:
        return None
    offset = (hours * 60 + minutes) * (60 if found[7] == b"+" else -60)
    with contextlib.suppress(ValueError, OverflowError):
        civil = dt.datetime(year, _MONTHS[found[2].lower()], day, hour, minute, min(second, 59), tzinfo=dt.UTC)
        return int(civil.timestamp()) - offset
    return None


def date_time(date: bytes, now: float) -> DateTime | None:
    """An INTERNALDATE as a new server takes it, written anew from what it means and in its own zone; None when it is
    none, or was never a day on which mail arrived. ``now``: seconds since 1970."""
    if _USUAL.fullmatch(date) and int(date[7:11]) < 1970 + now // YEAR:
        return DateTime(b'"%b"' % date)
    found, when = _DATE.fullmatch(date), moment(date)
    if found is None or when is None or not EARLIEST <= when <= now + AHEAD:
        return None
    sign = 60 if found[7] == b"+" else -60
    zone = dt.timezone(dt.timedelta(seconds=(int(found[8]) * 60 + int(found[9])) * sign))
    return _written(dt.datetime.fromtimestamp(when, zone))


def date_of_header(header: bytes | bytearray, now: float) -> DateTime | None:
    """The same of a message's header: what the last server to receive it noted, else its Date; None without either.

    ``header`` may be cut off, or be a whole message.
    """
    fields = [(name.lower(), value) for name, value in _FIELD.findall(bytes(header).partition(b"\r\n\r\n")[0])]
    received = [value.rpartition(b";")[2] for name, value in fields if name == b"received" and b";" in value]
    for text in [*received, *(value for name, value in fields if name == b"date")]:
        with contextlib.suppress(ValueError, TypeError, OverflowError, IndexError):
            found = email.utils.parsedate_to_datetime(text.decode("latin-1").strip())
            aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
            offset = aware.utcoffset() or dt.timedelta()
            if abs(offset) > dt.timedelta(hours=ZONE_MOST) or offset % dt.timedelta(minutes=1):
                aware = aware.astimezone(dt.UTC)
            if EARLIEST <= aware.timestamp() <= now + AHEAD:
                return _written(aware)
    return None


def day(when: float) -> bytes:
    """The day of a moment, in seconds since 1970, as SEARCH wants it (RFC 3501 §9, date): ``01-Feb-2025``."""
    return _written(dt.datetime.fromtimestamp(when, dt.UTC))[1:12]


def in_utc(date: DateTime) -> DateTime:
    """The same moment in UTC."""
    return _written(dt.datetime.fromtimestamp(moment(date.strip(b'"')) or 0, dt.UTC))


def _written(when: dt.datetime) -> DateTime:
    month = list(_MONTHS)[when.month - 1].decode().capitalize()
    return DateTime(f'"{when.day:02d}-{month}-{when.year:04d} {when:%H:%M:%S %z}"'.encode())
