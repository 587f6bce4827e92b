-- Add a connection of a user, unless the user has as many as the limit.
-- KEYS: the user's connections (zset by deadline)     ARGV: member, limit, TTL ms
-- Returns {} if it was added, or all members if there are too many.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- A key of another type was not written by us.
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'none' and found ~= 'zset' then redis.call('DEL', KEYS[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
-- A deadline that is too far away was set before this clock was set back.
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], '(' .. now + ARGV[3], '+inf', 'BYSCORE')) do
  redis.call('ZADD', KEYS[1], now + ARGV[3], member)
end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return redis.call('ZRANGE', KEYS[1], 0, -1)
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {}
