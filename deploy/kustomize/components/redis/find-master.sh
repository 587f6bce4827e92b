# shellcheck shell=sh
# Sets $me to this pod's full name, and $master to the master that the sentinels know, or, at the first start of all, to
# number 0. Both start scripts use it, because they must agree.
# The kubelet writes the cluster's domain into the search list: NAMESPACE.svc.DOMAIN svc.DOMAIN DOMAIN.
search=$(sed -n "s/^search.*[[:space:]]\($POD_NAMESPACE\.svc\.[^[:space:]]*\).*/\1/p" /etc/resolv.conf)
domain=redis.${search:-$POD_NAMESPACE.svc}
# shellcheck disable=SC2034 # both start scripts announce it
me=$POD_NAME.$domain
master=""
for number in 0 1 2; do
  found=$(timeout 2 redis-cli -h "redis-$number.$domain" -p 26379 sentinel get-master-addr-by-name asocial 2>/dev/null \
    | head -n 1 || true)
  if [ -n "$found" ]; then
    master=$found
    break
  fi
done
master=${master:-redis-0.$domain}
