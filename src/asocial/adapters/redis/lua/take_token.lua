-- Take a token from a bucket whose rate may change from take to take. The same rules as domain/token_buckets.py.
-- KEYS: "units ms queue": what is left, when that was, the moment that the last refused caller was told
-- ARGV: burst (tokens), rate (tokens a minute)
-- Returns 0, or the ms to wait.
local TOKEN, LONGEST = 60000, 60000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local burst, rate = tonumber(ARGV[1]) * TOKEN, tonumber(ARGV[2])
-- A key of another type was not written by us.
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'none' and found ~= 'string' then redis.call('DEL', KEYS[1]) end
-- A damaged value counts as none.
local units, updated, queue = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+) (%d+)$')
units, updated, queue = tonumber(units) or burst, tonumber(updated) or now, tonumber(queue) or now
-- The clock was set back: nothing was refilled, and nobody is told to wait for a time that is far away.
units = math.min(burst, units + math.max(0, now - updated) * rate)
local wait = 0
if units >= TOKEN then
  units = units - TOKEN
else
  queue = math.max(now + math.ceil((TOKEN - units) / rate), queue + math.ceil(TOKEN / rate))
  queue = math.min(now + LONGEST, queue)
  wait = queue - now
end
-- It expires when it is full. Lua writes numbers above 1e14 with an exponent; these are below.
redis.call('SET', KEYS[1], string.format('%.0f %.0f %.0f', units, now, queue), 'PX', math.ceil((burst - units) / rate) + 1)
return wait
