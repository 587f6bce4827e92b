-- Take one place in a sliding window: never more than limit in any window. Refused attempts do not count.
-- KEYS: the list of the times at which places were taken, oldest first     ARGV: limit, window ms
-- Returns 0, or the ms until a place is free.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
-- A key of another type was not written by us.
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'none' and found ~= 'list' then redis.call('DEL', KEYS[1]) end
-- The clock was set back: earlier times count as now, so that nobody waits longer than a window.
local last = tonumber(redis.call('LINDEX', KEYS[1], -1) or now) or now
if last > now then
  for place = 0, redis.call('LLEN', KEYS[1]) - 1 do redis.call('LSET', KEYS[1], place, now) end
  redis.call('PEXPIRE', KEYS[1], window)
end
-- A damaged time counts as long ago.
local function oldest()
  local time = redis.call('LINDEX', KEYS[1], 0)
  return time and (tonumber(time) or 0)
end
local first = oldest()
while first and first <= now - window do
  redis.call('LPOP', KEYS[1])
  first = oldest()
end
if redis.call('LLEN', KEYS[1]) < limit then
  redis.call('RPUSH', KEYS[1], now)
  redis.call('PEXPIRE', KEYS[1], window)
  return 0
end
return math.max(1, first + window - now)
