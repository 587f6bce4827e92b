-- Add a connection to a channel, or prove that one that is there already lives.
-- KEYS: conns expiry users profiles joined stamp
-- ARGV: connection, user, pod, profile (JSON), joined_at ms, presence TTL ms, linger ms, an epoch if one is needed
-- Returns {first, user, profile, joined_at, user_count, epoch, seq}
local conns, expiry, users, profiles, joined, stamp = unpack(KEYS)
local connection, user, pod, profile, joined_at, ttl, linger, epoch = unpack(ARGV)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local known = redis.call('HGET', conns, connection)
-- A connection is whose it was first: counting it for two users would leave one of them for ever.
if known then user = string.match(known, '^.%S+ (.*)$') end
-- Joining again lives again, even if the connection was abandoned: whoever says so holds its socket.
redis.call('HSET', conns, connection, '+' .. pod .. ' ' .. user)
redis.call('ZADD', expiry, now + ttl, connection)

local first = 0
if not known then
  if redis.call('HINCRBY', users, user, 1) == 1 then
    first = 1
    redis.call('HSET', profiles, user, profile)
    redis.call('ZADD', joined, joined_at, user)
    redis.call('HSETNX', stamp, 'epoch', epoch)
    redis.call('HINCRBY', stamp, 'seq', 1)
  end
end

-- Everything of the channel lives a little longer than its last deadline, so that a sweep finds it whole.
local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, last + linger) end

local place = redis.call('HMGET', stamp, 'epoch', 'seq')
return {
  first, user, redis.call('HGET', profiles, user), redis.call('ZSCORE', joined, user),
  redis.call('HLEN', users), place[1], tonumber(place[2])
}
