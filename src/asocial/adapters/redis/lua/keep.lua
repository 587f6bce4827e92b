-- Refresh connections of a user: they live for another TTL.
-- KEYS: the user's connections (zset by deadline)     ARGV: TTL ms, member...
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- A key of another type was not written by us.
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'none' and found ~= 'zset' then redis.call('DEL', KEYS[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
-- A deadline that is too far away was set before this clock was set back.
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], '(' .. now + ARGV[1], '+inf', 'BYSCORE')) do
  redis.call('ZADD', KEYS[1], now + ARGV[1], member)
end
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
