-- Take some of the channels that must be looked at, so that nobody else looks at them for a moment.
-- KEYS: deadlines leases deaths     ARGV: most, how long a claim holds ms, keep ms, prefix of the keys of pods' channels
-- Returns {{channel, claim, channel, claim...}, {dead pod...}}
-- (The pods' channels are keys made here, of the same hash tag as KEYS, which is what a cluster asks for.)
local deadlines, leases, deaths = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local most, hold, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]

-- The channels of a pod whose lease ran out are due now, unless somebody is at them.
local dead = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE')
for _, pod in ipairs(dead) do
  local channels = redis.call('SRANDMEMBER', ARGV[4] .. pod, most)
  if #channels == 0 then
    -- All that were there are gone: from here on whoever renews a lease hears of the death.
    redis.call('ZREM', leases, pod)
    redis.call('INCR', deaths)
    redis.call('PEXPIRE', deaths, keep)
  end
  for _, channel in ipairs(channels) do
    local score = tonumber(redis.call('ZSCORE', deadlines, channel) or now + 1)
    if score > now and score % 1 == 0 then redis.call('ZADD', deadlines, now, channel) end
  end
end

local claim = string.format('%.1f', now + hold + 0.5)
local due = redis.call('ZRANGE', deadlines, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
local claimed = {}
for _, channel in ipairs(due) do
  redis.call('ZADD', deadlines, claim, channel)
  claimed[#claimed + 1] = channel
  claimed[#claimed + 1] = claim
end
if #due > 0 then redis.call('PEXPIRE', deadlines, keep) end
return {claimed, dead}
