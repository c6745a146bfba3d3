#!/usr/bin/env python3
"""Derives `directory.yaml` and `leads.csv` from the Maven Analytics sales data. README.md says what is derived and how.

    python3 derive.py PATH_TO_THE_DATA            writes both files beside this script
    python3 derive.py PATH_TO_THE_DATA --check    writes nothing; fails if a file differs from what would be written

PATH_TO_THE_DATA is a folder with accounts.csv, products.csv, sales_teams.csv and sales_pipeline.csv. Standard library only.
What the source does not say is drawn by `draw`, a hash of the row's key, so that two runs write the same bytes.
"""

import csv
import datetime
import hashlib
import io
import pathlib
import re
import sys
from collections import Counter, defaultdict

HERE = pathlib.Path(__file__).resolve().parent

# The source's spelling -> ours.
PRODUCT = {"GTXPro": "GTX Pro"}
SECTOR = {"technolgy": "technology"}
COUNTRY = {
    "United States": "US", "Kenya": "KE", "Philipines": "PH", "Japan": "JP", "Italy": "IT", "Norway": "NO", "Korea": "KR",
    "Jordan": "JO", "Brazil": "BR", "Germany": "DE", "Panama": "PA", "Belgium": "BE", "Romania": "RO", "Poland": "PL", "China": "CN",
}

# The offices of the source, with the states that each serves (ours).
OFFICES = {
    "East": ("America/New_York", "CT DC DE FL GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV"),
    "Central": ("America/Chicago", "AL AR IA IL IN KS KY LA MI MN MO MS ND NE OK SD TN TX WI"),
    "West": ("America/Los_Angeles", "AK AZ CA CO HI ID MT NM NV OR UT WA WY"),
}
AREA_CODE = {"East": "212", "Central": "312", "West": "213"}

# Invented: who sells abroad. (rep, territory, its name, countries, zone, languages)
PARTNERS = [
    ("Partner Desk EMEA", "emea", "Europe, Middle East, Africa", "AE AT BE CH DE DK ES FI FR GB IE IT JO KE NL NO PL PT RO SE ZA",
     "Europe/Brussels", "en de fr it"),
    ("Partner Desk APAC", "apac", "Asia and Pacific", "AU CN HK ID IN JP KR MY NZ PH SG TH TW VN", "Asia/Singapore", "en ja zh"),
    ("Partner Desk LATAM", "latam", "Latin America", "AR BR CL CO CR MX PA PE UY", "America/Panama", "en es pt"),
]

# Won value decides seniority: the first third of those who won anything is senior, the second mid-level, the rest junior.
MAX_OPEN = {"senior": 400, "mid": 350, "junior": 300, "newcomer": 150}
WEIGHT = {"senior": 3, "mid": 3, "junior": 2, "newcomer": 1}

# Accounts by revenue: the largest fifth is named; from 5,000 million US dollars a year on it is strategic.
NAMED_SHARE = 0.2
STRATEGIC_REVENUE = 5_000_000_000
DESKS = {"medical": 6, "retail": 6}

# What is drawn for a lead: (value, share in hundred).
LEAD_TYPES = [("content_download", 30), ("marketing_qualified", 20), ("contact_request", 17), ("event", 14), ("demo_request", 13),
              ("referral", 6)]
PURPOSES = [("buy", 96), ("support", 2), ("careers", 2)]
QUANTITIES = [((1, 1), 45), ((2, 5), 30), ((6, 20), 18), ((21, 60), 7)]
TITLES = [("IT Manager", 22), ("Systems Administrator", 17), ("Operations Manager", 14), ("Head of Procurement", 12), ("IT Director", 10),
          ("Office Manager", 10), ("Consultant", 6), ("Chief Information Officer", 5), ("Student", 4)]
UNKNOWN_COMPANIES = 500
UNKNOWN_SIZES = [((1, 9), 30), ((10, 49), 40), ((50, 199), 20), ((200, 499), 10)]
SOURCES = {
    "content_download": [("organic-search", 45), ("paid-search", 30), ("social", 25)],
    "marketing_qualified": [("organic-search", 40), ("newsletter", 35), ("paid-search", 25)],
    "contact_request": [("direct", 50), ("organic-search", 50)],
    "event": [("trade-fair", 60), ("webinar", 40)],
    "demo_request": [("direct", 40), ("paid-search", 35), ("organic-search", 25)],
    "referral": [("customer", 60), ("executive", 40)],
}
# Per lead type: (signal, share of leads in hundred that have it, age in days from, to).
SIGNALS = {
    "demo_request": [("demo_request", 100, 0, 0.1), ("pricing_page", 60, 0, 5), ("reply", 25, 0, 3)],
    "contact_request": [("contact_form", 100, 0, 0.2), ("pricing_page", 40, 0, 10)],
    "marketing_qualified": [("download", 100, 0, 45), ("webinar", 40, 1, 60), ("case_study", 35, 0, 40), ("pricing_page", 20, 0, 20)],
    "event": [("badge_scan", 60, 1, 7), ("webinar", 40, 0, 4), ("case_study", 15, 0, 5)],
    "content_download": [("download", 100, 0, 1), ("newsletter", 40, 1, 120)],
    "referral": [("reply", 70, 0, 2), ("contact_form", 30, 0, 2)],
}
KINDS = ["demo_request", "pricing_page", "contact_form", "reply", "download", "webinar", "case_study", "newsletter", "badge_scan"]
LEAD_COLUMNS = ["opportunity_id", "email", "phone", "company", "job_title", "industry", "employees", "country", "state", "language", "product",
                "deal_value", "lead_type", "source", "purpose", "downloads", *(f"{kind}_age" for kind in KINDS)]


def draw(key, what, below):
    """A whole number from 0 to `below` - 1 that depends on nothing but `key` and `what`."""
    return int.from_bytes(hashlib.sha256(f"{what}:{key}".encode()).digest()[:8], "big") % below


def choose(key, what, shares):
    """One value of [(value, share in hundred)]."""
    at = draw(key, what, 100)
    for value, share in shares:
        at -= share
        if at < 0:
            return value
    raise AssertionError(f"the shares of {what} don't add up to 100")


def between(key, what, span):
    """A whole number of `span`, both ends included."""
    return span[0] + draw(key, what, span[1] - span[0] + 1)


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def read(data, name):
    with open(data / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Source:
    """The published tables, spelling mended."""

    def __init__(self, data):
        self.accounts = read(data, "accounts.csv")
        self.agents = read(data, "sales_teams.csv")
        self.pipeline = read(data, "sales_pipeline.csv")
        self.series = {row["product"]: row["series"].lower() for row in read(data, "products.csv")}
        self.price = {row["product"]: int(row["sales_price"]) for row in read(data, "products.csv")}
        self.office = {row["sales_agent"]: row["regional_office"] for row in self.agents}
        for row in self.accounts:
            row["sector"] = SECTOR.get(row["sector"], row["sector"])
            row["revenue"] = round(float(row["revenue"]) * 1_000_000)
            row["domain"] = f"{slug(row['account'])}.example"
        for row in self.pipeline:
            row["product"] = PRODUCT.get(row["product"], row["product"])
        self.account = {row["account"]: row for row in self.accounts}
        self.won = [row for row in self.pipeline if row["deal_stage"] == "Won"]


# The directory ---------------------------------------------------------------------------------------------------------


def seniority(source):
    """Agent -> senior, mid, junior or newcomer (in the teams table, not in the pipeline)."""
    value = Counter()
    for row in source.won:
        value[row["sales_agent"]] += float(row["close_value"])
    ranked = sorted(value, key=lambda agent: (-value[agent], agent))
    third = -(-len(ranked) // 3)
    level = {agent: ["senior", "mid", "junior"][place // third] for place, agent in enumerate(ranked)}
    return {row["sales_agent"]: level.get(row["sales_agent"], "newcomer") for row in source.agents}


def best_in_sector(source, level, sector, size):
    """The senior and mid-level agents who won most in a sector."""
    value = Counter()
    for row in source.won:
        if row["account"] and source.account[row["account"]]["sector"] == sector and level[row["sales_agent"]] in ("senior", "mid"):
            value[row["sales_agent"]] += float(row["close_value"])
    return sorted(sorted(value, key=lambda agent: (-value[agent], agent))[:size])


def account_owners(source):
    """Named account -> the agent who won most with it."""
    ranked = sorted(source.accounts, key=lambda row: (-row["revenue"], row["account"]))
    named = {row["account"] for row in ranked[: round(len(ranked) * NAMED_SHARE)]}
    value = defaultdict(Counter)
    for row in source.won:
        value[row["account"]][row["sales_agent"]] += float(row["close_value"])
    return {account: min(value[account], key=lambda agent: (-value[account][agent], agent)) for account in named}


def federal_holidays(year):
    """The days off of the United States' federal offices (5 U.S.C. 6103); on a Saturday Friday is off, on a Sunday Monday."""

    def nth(month, weekday, n):
        first = datetime.date(year, month, 1)
        return first + datetime.timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))

    fixed = [datetime.date(year, *day) for day in [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]]
    observed = [day + datetime.timedelta({5: -1, 6: 1}.get(day.weekday(), 0)) for day in fixed]
    end_of_may = datetime.date(year, 5, 31)
    floating = [nth(1, 0, 3), nth(2, 0, 3), end_of_may - datetime.timedelta(end_of_may.weekday()), nth(9, 0, 1), nth(10, 0, 2), nth(11, 3, 4)]
    return sorted(observed + floating)


def quoted(text):
    flag_elsewhere = text.lower() in ("no", "yes", "on", "off", "true", "false", "null") and text != text.lower()
    return f'"{text}"' if flag_elsewhere or re.search(r"[^A-Za-z0-9 .@/_-]", text) else text


def inline(fields):
    """`{ key: value, ... }`; what is None or empty is left out."""

    def show(value):
        if isinstance(value, list):
            return "[" + ", ".join(map(show, value)) + "]"
        if isinstance(value, bool):
            return str(value).lower()
        return quoted(str(value))

    return "{ " + ", ".join(f"{key}: {show(value)}" for key, value in fields.items() if value not in (None, [])) + " }"


def directory(source):
    level = seniority(source)
    desks = {sector: best_in_sector(source, level, sector, size) for sector, size in DESKS.items()}
    lines = ["# Who can own leads. Written by derive.py: change that, not this.", ""]
    lines += calendars() + territories() + teams(source) + reps(source, level, desks)
    lines += pools(source, level, desks) + accounts(source) + absences(source)
    return "\n".join(lines) + "\n"


def calendars():
    # New Year's Day of 2028 is a Saturday: its day off is in 2027.
    holidays = sorted(day for year in (2026, 2027, 2028) for day in federal_holidays(year) if day.year < 2028)
    lines = ["calendars:"]
    for office, (zone, _) in OFFICES.items():
        lines += calendar(office.lower(), f"{office} office", zone, [day.isoformat() for day in holidays])
    for name, territory, _, _, zone, _ in PARTNERS:
        lines += calendar(f"partner-{territory}", f"{name} (invented)", zone, [])
    return lines + [""]


def calendar(key, name, zone, holidays):
    lines = [f"  - id: {key}", f"    name: {quoted(name)}", f"    time_zone: {zone}", "    hours:"]
    lines += [f'      {day}: ["09:00-17:30"]' for day in ["mon", "tue", "wed", "thu", "fri"]]
    if holidays:
        lines += ["    holidays:  # of the United States, federal"] + [f'      - "{day}"' for day in holidays]
    return lines


def territories():
    lines = ["territories:"]
    for office, (_, states) in OFFICES.items():
        regions = [f"US-{state}" for state in states.split()]
        lines.append("  - " + inline({"id": office.lower(), "name": f"{office} of the United States", "regions": regions}))
    for _, territory, name, countries, _, _ in PARTNERS:
        lines.append("  - " + inline({"id": territory, "name": name, "countries": countries.split()}))
    return lines + [""]


def team_of(row):
    return f"{row['regional_office'].lower()}-{slug(row['manager'].split()[-1])}"


def teams(source):
    lines = ["teams:  # one a manager"]
    for team, row in {team_of(row): row for row in source.agents}.items():
        name = f"{row['regional_office']}, {row['manager']}"
        lines.append("  - " + inline({"id": team, "name": name, "manager": slug(row["manager"]), "calendar": row["regional_office"].lower()}))
    partners = {"id": "partners", "name": "Partners abroad (invented)", "manager": "cara-losch", "calendar": "east"}
    return lines + ["  - " + inline(partners), ""]


def rep(name, team, level, **more):
    fields = {"id": slug(name), "name": name, "email": f"{slug(name)}@seller.example", "team": team, "seniority": level}
    return "  - " + inline(fields | more)


def reps(source, level, desks):
    series_won = defaultdict(set)
    for row in source.won:
        series_won[row["sales_agent"]].add(source.series[row["product"]])
    lines = ["reps:", "  # The six managers: they lead a team and are in no pool."]
    managers = {row["manager"]: row for row in source.agents}
    for manager, row in managers.items():
        peer = next(name for name, other in managers.items() if name != manager and other["regional_office"] == row["regional_office"])
        lines.append(rep(manager, team_of(row), "director", skills=["gtk", "gtx", "mg"], languages=["en"], backup=slug(peer)))
    lines.append("  # The 35 agents. Skills are the product series that they won with, and the sectors in which they won most.")
    for row in source.agents:
        agent = row["sales_agent"]
        mates = [other["sales_agent"] for other in source.agents if other["manager"] == row["manager"]]
        skills = sorted(series_won[agent]) or ["gtx", "mg"]
        lines.append(rep(
            agent, team_of(row), "junior" if level[agent] == "newcomer" else level[agent],
            skills=skills + [sector for sector, members in desks.items() if agent in members],
            languages=["en", "es"] if draw(agent, "spanish", 3) == 0 else ["en"],
            territories=[row["regional_office"].lower()],
            max_open=MAX_OPEN[level[agent]],
            backup=slug(mates[(mates.index(agent) + 1) % len(mates)]),
        ))
    lines.append("  # Invented: three partner firms that sell abroad.")
    for place, (name, territory, _, _, _, languages) in enumerate(PARTNERS):
        lines.append(rep(
            name, "partners", "mid", calendar=f"partner-{territory}", skills=["gtk", "gtx", "mg"], languages=languages.split(),
            territories=[territory], external=True, backup=slug(PARTNERS[(place + 1) % len(PARTNERS)][0]),
        ))
    return lines + [""]


def pools(source, level, desks):
    lines = ["pools:"]

    def pool(key, name, members, **more):
        fields = {"id": key, "name": name, "hours": "preferred"} | more
        lines.extend(f"  {'-' if place == 0 else ' '} {name}: {quoted(str(value))}" for place, (name, value) in enumerate(fields.items()))
        lines.append("    members:")
        for member, weight in sorted(members):
            lines.append(f"      - {inline({'rep': member, 'weight': weight})}" if weight > 1 else f"      - {member}")

    for office in OFFICES:
        members = [(slug(agent), WEIGHT[level[agent]]) for agent, where in source.office.items() if where == office]
        pool(office.lower(), f"{office} office", members, rotate_per_grade="true", backlog_pace=10)
    by_level = {wanted: [(slug(agent), 1) for agent in source.office if level[agent] in wanted] for wanted in [("senior",), ("junior", "newcomer")]}
    pool("enterprise", "Large deals", by_level["senior",], strategy="least_loaded")
    pool("inside-sales", "Inside sales", by_level["junior", "newcomer"], rotate_per_grade="true", backlog_pace=20)
    for sector, members in desks.items():
        pool(f"{sector}-desk", f"{sector.capitalize()} desk", [(slug(agent), 1) for agent in members], rotate_per_grade="true")
    sold_gtk = {row["sales_agent"] for row in source.won if source.series[row["product"]] == "gtk"}
    pool("gtk-desk", "GTK specialists", [(slug(agent), 1) for agent in sold_gtk])
    pool("partners", "Partners abroad (invented)", [(slug(name), 1) for name, *_ in PARTNERS], partner="true")
    return lines + [""]


def accounts(source):
    owners = account_owners(source)
    lines = ["# The domains are invented, under a suffix that nobody can register (RFC 2606). The largest fifth is named.", "accounts:"]
    for row in sorted(source.accounts, key=lambda row: slug(row["account"])):
        named = row["account"] in owners
        lines.append("  - " + inline({
            "id": slug(row["account"]), "name": row["account"], "domains": [row["domain"]], "industry": row["sector"],
            "employees": int(row["employees"]), "annual_revenue": row["revenue"], "country": COUNTRY[row["office_location"]],
            "tier": ("strategic" if row["revenue"] >= STRATEGIC_REVENUE else "key") if named else None,
            "owner": slug(owners[row["account"]]) if named else None,
            "parent": slug(row["subsidiary_of"]) if row["subsidiary_of"] else None,
        }))
    return lines + [""]


def absences(source):
    first, second = (row["sales_agent"] for row in source.agents[:2])
    return [
        "absences:  # invented",
        "  - " + inline({"id": "holiday-1", "rep": slug(first), "start": "2026-12-21T00:00:00-06:00", "end": "2027-01-04T00:00:00-06:00",
                         "reason": "holiday"}),
        "  - " + inline({"id": "training-1", "rep": slug(second), "start": "2027-01-12T12:00:00-06:00", "end": "2027-01-13T00:00:00-06:00",
                         "reason": "training, half a day"}),
    ]


# The leads -------------------------------------------------------------------------------------------------------------


def leads(source):
    out = io.StringIO()
    writer = csv.DictWriter(out, LEAD_COLUMNS, lineterminator="\n")
    writer.writeheader()
    contacts = defaultdict(list)
    for row in source.pipeline:
        writer.writerow(lead(source, row, contacts))
    return out.getvalue()


def lead(source, row, contacts):
    """What is known of an opportunity when it comes in. Of the row's own columns only these are looked at: opportunity_id,
    product, account and, for the state, the office of sales_agent. Not deal_stage, close_value and the dates: they come later."""
    key = row["opportunity_id"]
    office = source.office[row["sales_agent"]]
    account = source.account.get(row["account"])
    country = COUNTRY[account["office_location"]] if account else "US"
    lead_type = choose(key, "type", LEAD_TYPES)
    states = OFFICES[office][1].split()
    fields = {
        "opportunity_id": key,
        "job_title": choose(key, "title", TITLES),
        "country": country,
        "state": f"US-{states[draw(key, 'state', len(states))]}" if country == "US" else "",
        "language": "es" if country == "US" and draw(key, "language", 100) < 7 else "",
        "product": row["product"],
        "deal_value": source.price[row["product"]] * between(key, "quantity", choose(key, "quantities", QUANTITIES)),
        "lead_type": lead_type,
        "source": choose(key, "source", SOURCES[lead_type]),
        "purpose": choose(key, "purpose", PURPOSES),
    }
    fields |= known_company(key, account, contacts) if account else unknown_company(key, office, source)
    return fields | signals(key, lead_type)


def known_company(key, account, contacts):
    """Five in a hundred are written by somebody of the same company who wrote before, every third of those in capitals."""
    domain = account["domain"]
    before = contacts[domain]
    contact = hashlib.sha256(key.encode()).hexdigest()[:8]
    if before and draw(key, "again", 100) < 5:
        contact = before[draw(key, "who", len(before))]
        email = f"C{contact}@{domain}".upper() if draw(key, "capitals", 3) == 0 else f"c{contact}@{domain}"
    else:
        before.append(contact)
        email = f"c{contact}@{domain}"
    fields = {"email": email, "company": account["account"]}
    if draw(key, "form", 100) < 60:
        fields |= {"industry": account["sector"], "employees": account["employees"]}
    return fields


def unknown_company(key, office, source):
    """One of some small companies that the directory doesn't have; several people may write from the same one. A third gives no
    address, only a telephone number."""
    company = draw(key, "company", UNKNOWN_COMPANIES)
    sectors = sorted({row["sector"] for row in source.accounts})
    fields = {
        "industry": sectors[draw(company, "sector", len(sectors))],
        "employees": between(company, "size", choose(company, "sizes", UNKNOWN_SIZES)),
    }
    if draw(key, "address", 3) == 0:
        return fields | {"phone": f"+1-{AREA_CODE[office]}-555-01{draw(key, 'phone', 100):02}"}
    return fields | {"email": f"c{hashlib.sha256(key.encode()).hexdigest()[:8]}@company-{company:03}.example"}


def signals(key, lead_type):
    fields = {}
    for kind, share, youngest, oldest in SIGNALS[lead_type]:
        if draw(key, f"has {kind}", 100) < share:
            hundredths = between(key, f"age of {kind}", (round(youngest * 100), round(oldest * 100)))
            fields[f"{kind}_age"] = f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
    if "download_age" in fields:
        fields["downloads"] = between(key, "downloads", (2, 5)) if lead_type == "marketing_qualified" else 1
    return fields


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    source = Source(pathlib.Path(arguments[0]))
    files = {"directory.yaml": directory(source), "leads.csv": leads(source)}
    differ = []
    for name, text in files.items():
        path = HERE / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            differ.append(name)
    if differ:
        sys.exit(f"{', '.join(differ)}: not what derive.py writes from {arguments[0]}")


if __name__ == "__main__":
    main()
