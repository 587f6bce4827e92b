-- Add a connection to a channel, or prove that one that is there already lives.
-- KEYS: conns expiry users profiles joined stamp
-- ARGV: connection, user, pod, profile (JSON), joined_at ms, presence TTL ms, linger ms, an epoch if one is needed
-- Returns {first, user, profile, joined_at, user_count, epoch, seq}
local conns, expiry, users, profiles, joined, stamp = unpack(KEYS)
local connection, user, pod, profile, joined_at, ttl, linger, epoch = unpack(ARGV)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A key of another type was not written by us. What the others say means nothing without it: begin anew.
local types = {'hash', 'zset', 'hash', 'hash', 'zset', 'hash'}
for i, key in ipairs(KEYS) do
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= types[i] then redis.call('DEL', unpack(KEYS)) end
end

-- A damaged count is none.
local function count(key, field) return tonumber(redis.call('HGET', key, field) or 0) or 0 end

-- A connection is whose it was first: counting it for two users would leave one of them for ever.
local known = string.match(redis.call('HGET', conns, connection) or '', '^.%S+ (.*)$')
if known then user = known end
-- Joining again lives again, even if the connection was abandoned: whoever says so holds its socket.
redis.call('HSET', conns, connection, '+' .. pod .. ' ' .. user)
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

-- Everything of the channel lives a little longer than its last deadline, so that a sweep finds it whole.
local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, last + linger) end

return {
  first, user, redis.call('HGET', profiles, user), redis.call('ZSCORE', joined, user),
  redis.call('HLEN', users), redis.call('HGET', stamp, 'epoch'), count(stamp, 'seq')
}
