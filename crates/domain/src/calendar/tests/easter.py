"""Writes easter.csv beside it: both Easters, by the dateutil library.

    python3 crates/domain/src/calendar/tests/easter.py > crates/domain/src/calendar/tests/easter.csv
"""

from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

print("year,easter,orthodox_easter")
for year in range(1900, 2100):
    print(year, easter(year, EASTER_WESTERN), easter(year, EASTER_ORTHODOX), sep=",")
