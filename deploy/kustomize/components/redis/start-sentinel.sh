#!/bin/sh
# Starts one Sentinel next to its Redis. Two of three must agree that the master is down.
set -eu
password=$(cat /run/secrets/redis/redis-password)

# shellcheck source=find-master.sh
. "$(dirname "$0")/find-master.sh"

umask 077
{
  echo "port 26379"
  echo "dir /tmp"
  # Pods keep their names, but not their addresses.
  echo "sentinel resolve-hostnames yes"
  echo "sentinel announce-hostnames yes"
  echo "sentinel announce-ip $me"
  echo "sentinel monitor asocial $master 6379 2"
  echo "sentinel auth-pass asocial \"$password\""
  echo "sentinel down-after-milliseconds asocial 5000"
  echo "sentinel failover-timeout asocial 15000"
  echo "sentinel parallel-syncs asocial 1"
} > /run/redis/sentinel.conf
exec redis-server /run/redis/sentinel.conf --sentinel
