"""Writes deadlines.csv beside it: what is due when, counted minute by minute with Python's zoneinfo.

    python3 crates/domain/src/sla/tests/deadlines.py > crates/domain/src/sla/tests/deadlines.csv

The rules of the calendars are those of table.rs. Zones whose rules have changed since common time zone databases were made (Morocco)
are left out: the table would tell of the database, not of the arithmetic. Nothing here is shared with what is tested but their words.
"""

import random
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.easter import easter

ZONES = (
    "UTC Europe/Berlin Europe/Dublin America/New_York America/St_Johns America/Sao_Paulo America/Nuuk "
    "America/Mexico_City America/Havana Africa/Cairo Asia/Kathmandu Asia/Tehran Australia/Lord_Howe "
    "Australia/Adelaide Pacific/Chatham Pacific/Apia Antarctica/Troll"
).split()
SPANS = "20m@wall 36h@wall 45m@business 4h@business 26h@business 1d@business 5d@business".split()
MINUTE = timedelta(minutes=1)


def office(day):
    """9:00-12:30 and 13:15-17:00; from March 2027 on also on Saturdays until 12:00."""
    if day == date(2026, 12, 24) or day == date(2027, 3, 26):
        return [(time(9), time(11))]
    if (day.month, day.day) in [(12, 25), (1, 1)] or (day - easter(day.year)).days in (-2, 1):
        return []
    if day.weekday() < 5:
        return [(time(9), time(12, 30)), (time(13, 15), time(17))]
    if day.weekday() == 5 and day >= date(2027, 3, 1):
        return [(time(9), time(12))]
    return []


def nights(day):
    """22:00-24:00 and 0:00-5:30, all week."""
    return [(time(0), time(5, 30)), (time(22), time.max)]


CALENDARS = {"office": office, "nights": nights}


class Clock:
    def __init__(self, zone, calendar, wall, pauses):
        self.zone, self.hours, self.wall, self.pauses = ZoneInfo(zone), CALENDARS[calendar], wall, pauses

    def local(self, at):
        return at.astimezone(self.zone)

    def is_open(self, at):
        local = self.local(at)
        return any(start <= local.time() < end for start, end in self.hours(local.date()))

    def runs(self, at, paused=True):
        stands = paused and any(start <= at < end for start, end in self.pauses)
        return (self.wall or self.is_open(at)) and not stands

    def days_later(self, since, days):
        """The same local time that many open dates later, moved into the hours of that date."""
        start = since
        while not self.is_open(start):
            start += MINUTE
        first = self.local(start)
        at, passed, last = start, 0, first.date()
        end = None
        while True:
            local = self.local(at)
            if self.is_open(at) and local.date() != last:
                passed, last = passed + 1, local.date()
            if passed == days and local.date() == last and self.is_open(at):
                end = at + MINUTE
                if local.time() >= first.time():
                    return at
            if passed == days and end is not None and local.date() > last:
                return end
            at += MINUTE

    def answer(self, since, amount, unit):
        """When 80 % have passed, and when all has."""
        at_opening = False
        if unit == "d":
            due = self.days_later(since, amount)
            total = sum(self.runs(since + n * MINUTE, False) for n in range((due - since) // MINUTE))
            at_opening = self.runs(due, False) and not self.runs(due - MINUTE, False)
        else:
            total = amount * {"m": 1, "h": 60}[unit]
        at, passed, warned = since, 0, None
        while True:
            if warned is None and passed * 5 >= total * 4:
                # Within the minute that went before, if 80 % are no whole minutes.
                warned = at - timedelta(seconds=12) * (passed * 5 - total * 4)
            if passed == total and (not at_opening or self.runs(at)):
                return warned, at
            passed += self.runs(at)
            at += MINUTE


def changes(zone):
    """Hours of 2020 to 2035 at which the offset of the zone changes."""
    hour = datetime(2020, 1, 1, tzinfo=timezone.utc)
    last = hour.astimezone(zone).utcoffset()
    while hour.year < 2036:
        hour += timedelta(hours=1)
        offset = hour.astimezone(zone).utcoffset()
        if offset != last:
            yield hour
        last = offset


def moment(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    chance = random.Random(20261122)
    print("zone,calendar,span,since,pauses,warned,due")
    for zone in ZONES:
        near = list(changes(ZoneInfo(zone))) or [datetime(2028, 2, 29, tzinfo=timezone.utc)]
        for span in SPANS:
            for calendar in CALENDARS if span.endswith("business") else ["office"]:
                centre = chance.choice(near + [datetime(2026, 12, 23, 12, tzinfo=timezone.utc), datetime(2027, 2, 26, 12, tzinfo=timezone.utc)])
                since = centre + chance.randrange(-3000, 500) * MINUTE
                pauses = []
                for _ in range(chance.choice([0, 0, 1, 2, 3])):
                    start = since + chance.randrange(-100, 4000) * MINUTE
                    pauses.append((start, start + chance.randrange(1, 900) * MINUTE))
                clock = Clock(zone, calendar, span.endswith("wall"), pauses)
                amount = span.split("@")[0]
                warned, due = clock.answer(since, int(amount[:-1]), amount[-1])
                told = " ".join(f"{moment(start)}/{moment(end)}" for start, end in pauses)
                print(zone, calendar, span, moment(since), told, moment(warned), moment(due), sep=",")


main()
