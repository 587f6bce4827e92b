-- Claim some of the channels that must be swept, so that no other process sweeps them for a moment.
-- KEYS: deadlines leases deaths clock
-- ARGV: most, how long a claim holds ms, keep ms, farthest deadline ms, pause ms, prefix of the keys of processes' channels
-- Returns {{channel, claim, channel, claim...}, {dead process...}}
-- (The keys of processes' channels are made here. They have the hash tag of KEYS, as a cluster requires.)
local deadlines, leases, deaths, clock_key = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local most, hold, keep, farthest, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])

-- Channels are claimed every second. A longer time means that this clock was set forward, or that no process reached
-- Redis. Leases that seem to have expired may just not be renewed yet, so the processes get a moment to do that.
local looked, resume = unpack(redis.call('HMGET', clock_key, 'looked', 'resume'))
looked, resume = tonumber(looked or now) or now, tonumber(resume or 0) or 0
if now - looked > pause then resume = now + pause end
-- A clock that was set back shows by times that are too far ahead: no deadline or lease is ever set so far.
for key, limit in pairs({[deadlines] = farthest, [leases] = keep}) do
  for _, name in ipairs(redis.call('ZRANGE', key, '(' .. now + limit, '+inf', 'BYSCORE', 'LIMIT', 0, most)) do
    redis.call('ZADD', key, key == leases and now + limit or now, name)
  end
end
redis.call('HSET', clock_key, 'looked', now, 'resume', resume)
redis.call('PEXPIRE', clock_key, keep)
if now < resume and resume <= now + pause then return {{}, {}} end

-- The channels of a process whose lease expired are due now, unless they are claimed.
local dead = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE')
for _, process in ipairs(dead) do
  local channels = redis.call('SRANDMEMBER', ARGV[6] .. process, most)
  if #channels == 0 then
    -- All its connections are removed: from now on `renew` reports the death.
    redis.call('ZREM', leases, process)
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
