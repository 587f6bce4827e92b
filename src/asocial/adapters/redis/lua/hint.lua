-- Record that a channel must be swept by a deadline, and that a process has connections in it.
-- KEYS: deadlines, and for a process that joins: its channels, leases
-- ARGV: channel, ms from now, keep ms, process
-- Returns 0 if the lease of that process expired: what it adds would be swept. Otherwise 1.
-- A score with a fraction is a claim: a process is sweeping the channel. Changing the score makes it sweep again.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local channel, keep = ARGV[1], ARGV[3]
local deadline = now + ARGV[2]
local score = tonumber(redis.call('ZSCORE', KEYS[1], channel) or deadline + 1)
if deadline < score then
  redis.call('ZADD', KEYS[1], deadline, channel)
elseif score % 1 > 0 then
  redis.call('ZADD', KEYS[1], math.floor(score), channel)
end
redis.call('PEXPIRE', KEYS[1], keep)
if KEYS[2] then
  redis.call('SADD', KEYS[2], channel)
  redis.call('PEXPIRE', KEYS[2], keep)
  -- A process whose lease was removed counts as one whose lease expired: what it adds must be swept.
  redis.call('ZADD', KEYS[3], 'NX', now, ARGV[4])
  redis.call('PEXPIRE', KEYS[3], keep)
  if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[4])) <= now then return 0 end
end
return 1
