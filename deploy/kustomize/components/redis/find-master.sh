# Sets $master: the one that the sentinels know, else, at the very first start, number 0.
# Read by both start scripts, which must not disagree.
master=""
for number in 0 1 2; do
  found=$(timeout 2 redis-cli -h "redis-$number.$REDIS_DOMAIN" -p 26379 sentinel get-master-addr-by-name asocial 2>/dev/null \
    | head -n 1 || true)
  if [ -n "$found" ]; then
    master=$found
    break
  fi
done
master=${master:-redis-0.$REDIS_DOMAIN}
