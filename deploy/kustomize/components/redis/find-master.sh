# shellcheck shell=sh
# Sets $master to the master that the sentinels know, or, at the first start of all, to number 0.
# Both start scripts use it, because they must agree.
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
