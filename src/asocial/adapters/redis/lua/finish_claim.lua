-- A claimed channel was swept: set its next deadline, unless its hint has changed meanwhile.
-- KEYS: deadlines, channels of a dead process...     ARGV: channel, claim, ms until the next deadline (0: none)
local channel, claim, deadline = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local score = tonumber(redis.call('ZSCORE', KEYS[1], channel) or 0)
if score == claim then
  if deadline > 0 then
    redis.call('ZADD', KEYS[1], now + deadline, channel)
  else
    redis.call('ZREM', KEYS[1], channel)
  end
end
for i = 2, #KEYS do redis.call('SREM', KEYS[i], channel) end
return 0
