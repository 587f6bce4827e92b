"""The ports kept in Redis or Valkey: any number of processes behave as one.

urls.py       what a URL says                      connection.py      one connection, pipelined
topology.py   which server holds which slot        scripts.py   the Lua scripts and how they are called
pool.py       a command connection to every master       subscriber.py the pub/sub connections, and what is subscribed
supervisor.py       the supervisor over all of these     backend.py   everything, assembled

broker.py  presence.py  limiter.py  live.py  registry.py   one port each
"""
