-- Uses shared/whole.lua.
-- Add a connection to a channel, or refresh one that is there already.
-- KEYS: conns expiry users profiles joined stamp
-- ARGV: connection, user, process, profile (JSON), joined_at ms, presence TTL ms, linger ms, an epoch if one is needed
-- Returns {first, user, profile, joined_at, user_count, epoch, seq}
local conns, expiry, users, profiles, joined, stamp = unpack(KEYS)
local connection, user, process, profile, joined_at, ttl, linger, epoch = unpack(ARGV)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A key of another type was not written by us. The other keys mean nothing without it: begin anew.
local types = {'hash', 'zset', 'hash', 'hash', 'zset', 'hash'}
for i, key in ipairs(KEYS) do
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= types[i] then redis.call('DEL', unpack(KEYS)) end
end

if not is_whole(conns, expiry, users, profiles, joined) then redis.call('DEL', unpack(KEYS)) end

-- A damaged count is no count.
local function count(key, field) return tonumber(redis.call('HGET', key, field) or 0) or 0 end

-- A connection belongs to its first user: if it counted for two users, one of them would never leave.
local known = string.match(redis.call('HGET', conns, connection) or '', '^.%S+ (.*)$')
if known then user = known end
-- Joining again refreshes an abandoned connection too: the caller has its socket.
redis.call('HSET', conns, connection, '+' .. process .. ' ' .. user)
redis.call('ZADD', expiry, now + ttl, connection)

redis.call('HSETNX', stamp, 'epoch', epoch)
local first = 0
if not known then
  local connections = count(users, user) + 1
  redis.call('HSET', users, user, connections)
  if connections == 1 then
    first = 1
    redis.call('HSET', profiles, user, profile)
    redis.call('ZADD', joined, joined_at, user)
    redis.call('HSET', stamp, 'seq', count(stamp, 'seq') + 1)
  end
end

-- All keys of the channel live a little longer than its last deadline, so that a sweep finds all of them.
local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, last + linger) end

return {
  first, user, redis.call('HGET', profiles, user), redis.call('ZSCORE', joined, user),
  redis.call('HLEN', users), redis.call('HGET', stamp, 'epoch'), count(stamp, 'seq')
}
