#!/bin/sh
# Starts one Redis as a replica of the master that the sentinels know, or, at the first start of all, of number 0.
set -eu
password=$(cat /run/secrets/redis/redis-password)

# shellcheck source=find-master.sh
. "$(dirname "$0")/find-master.sh"

umask 077
{
  echo "port 6379"
  echo "dir /data"
  echo "requirepass \"$password\""
  echo "masterauth \"$password\""
  echo "replica-announce-ip $me"
  echo "maxmemory 384mb"
  # Evicted keys would make presence wrong, so full memory must be an outage.
  echo "maxmemory-policy noeviction"
  echo "save 300 1000"
  echo "appendonly yes"
  echo "appendfsync everysec"
  [ "$master" = "$me" ] || echo "replicaof $master 6379"
} > /run/redis/redis.conf
exec redis-server /run/redis/redis.conf
