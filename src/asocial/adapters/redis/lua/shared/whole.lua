-- Whether the keys of a channel's presence agree. If one of them was evicted, or a field was removed, the others mean
-- nothing: a user would count twice, or be in no list. All of them are then removed, and every process registers its
-- connections again (service/fallback.py).
local function is_whole(conns, expiry, users, profiles, joined)
  local connections, people = redis.call('HLEN', conns), redis.call('HLEN', users)
  return redis.call('ZCARD', expiry) == connections and redis.call('HLEN', profiles) == people
    and redis.call('ZCARD', joined) == people and (people == 0) == (connections == 0)
end

