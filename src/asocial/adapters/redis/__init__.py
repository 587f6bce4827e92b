"""The ports in Redis or Valkey: any number of processes behave as one.

urls.py        what a URL says                        connection.py  one connection, pipelined
topology.py    the servers of a URL                   discovery.py   finds the masters
layout.py      which server holds which slot          pool.py        a command connection to every master
subscriber.py  pub/sub connections and subscriptions  supervisor.py  connects all of these, again and again
scripts.py     the Lua scripts                        leases.py      which processes live
backend.py     builds everything

broker.py  presence.py  limiter.py  live.py  registry.py  rules.py  one port each
"""
