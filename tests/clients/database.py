"""database.py create NAME | drop NAME: a database on the server of TEST_DATABASE_URL; `create` prints its address."""

import os
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

action, name = sys.argv[1:]
server = os.environ["TEST_DATABASE_URL"]
statement = {"create": "CREATE DATABASE {}", "drop": "DROP DATABASE IF EXISTS {} WITH (FORCE)"}[action]
with psycopg.connect(server, autocommit=True, connect_timeout=10) as connection:
    connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
if action == "create":
    # Put together by hand: `urlunsplit` loses the `//` of an address without a host (a socket).
    at = urlsplit(server)
    print(f"{at.scheme}://{at.netloc}/{name}" + (f"?{at.query}" if at.query else ""))
