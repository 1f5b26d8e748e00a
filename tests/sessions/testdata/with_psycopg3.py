# Prints what psycopg makes of a server's answers; nothing of it may depend on the moment.
import datetime

import psycopg
from psycopg.types import TypeInfo

with psycopg.connect("") as c:
    print(c.info.server_version, c.info.parameter_status("integer_datetimes"))
    for binary in (False, True):
        cur = c.cursor(binary=binary)
        print(cur.execute("SELECT application_name, client_addr, state, sent_lsn FROM pg_stat_replication"
                          " WHERE application_name = any(%s)", (["consumer", "x"],)).fetchall())
        print(cur.execute("SELECT %s::int + 1, %s::text, %s::timestamptz, %s::interval * 2, %s::numeric, %s::bool",
                          (1, "x", datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), "1 day", "1.5", True)).fetchall())
        print(cur.execute("SELECT name, setting FROM pg_settings WHERE name = %s", ("wal_segment_size",)).fetchone())
        print([(d.name, d.type_code) for d in cur.execute("SELECT * FROM pg_stat_wal_receiver").description])
        print([(d.name, d.type_code) for d in cur.execute("SELECT * FROM pg_stat_activity").description])
    for i in range(7):  # prepared by the server from some repetition on
        cur.execute("SELECT count(*) > 0 FROM pg_stat_activity WHERE pid <> %s", (i,), prepare=True)
        print(cur.fetchone())
    try:
        cur.execute("SELECT 1/0")
    except psycopg.errors.DivisionByZero as e:
        print(e.sqlstate, e)
    c.rollback()
    with c.transaction():
        with c.transaction():
            print(cur.execute("SELECT 1").fetchone())
    with c.pipeline():
        one, two = c.execute("SELECT 1"), c.execute("SELECT %s::text", ("x",))
    print(one.fetchall(), two.fetchall())
    print(TypeInfo.fetch(c, "pg_lsn"))
    with c.cursor("named") as named:
        named.execute("SELECT n FROM (VALUES (1), (2), (3)) v(n) ORDER BY n")
        print(named.fetchmany(2), named.fetchmany(2))
