#!/bin/sh
# Starts one Redis: as a replica of the master that the sentinels know, else, at the very first start, of number 0.
set -eu
me="$POD_NAME.$REDIS_DOMAIN"
password=$(cat /run/secrets/redis/redis-password)

. "$(dirname "$0")/find-master.sh"

umask 077
{
  echo "port 6379"
  echo "dir /data"
  echo "requirepass \"$password\""
  echo "masterauth \"$password\""
  echo "replica-announce-ip $me"
  echo "maxmemory 384mb"
  # Presence that was evicted is presence that lies: full memory is an outage, not a loss.
  echo "maxmemory-policy noeviction"
  echo "save 300 1000"
  echo "appendonly yes"
  echo "appendfsync everysec"
  [ "$master" = "$me" ] || echo "replicaof $master 6379"
} > /run/redis/redis.conf
exec redis-server /run/redis/redis.conf
