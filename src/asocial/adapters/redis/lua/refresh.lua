-- Uses shared/whole.lua.
-- Refresh connections: one call for all connections of a process in a channel.
-- KEYS: conns expiry users profiles joined stamp
-- ARGV: presence TTL ms, linger ms, connection...
-- Returns the places, from 1, of the connections that are abandoned or unknown.
local conns, expiry, users, profiles, joined = unpack(KEYS)
if not is_whole(conns, expiry, users, profiles, joined) then redis.call('DEL', unpack(KEYS)) end
local clock = redis.call('TIME')
local deadline = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[1]
local found, missing = false, {}
for i = 3, #ARGV do
  local entry = redis.call('HGET', conns, ARGV[i])
  if entry and string.sub(entry, 1, 1) == '+' then
    redis.call('ZADD', expiry, deadline, ARGV[i])
    found = true
  else
    missing[#missing + 1] = i - 2
  end
end
if found then
  local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
  for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, last + ARGV[2]) end
end
return missing
