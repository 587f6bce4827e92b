-- Write down that a channel must be looked at by a deadline, and that a pod has connections in it.
-- KEYS: deadlines, and for a pod that enters: its channels, leases
-- ARGV: channel, ms from now, keep ms, pod
-- A score with a fraction is a claim: somebody is looking right now. Touching it makes the claimant look again.
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
  -- A pod whose lease was cleared away is as one whose lease ran out: somebody must look after what it adds.
  redis.call('ZADD', KEYS[3], 'NX', now, ARGV[4])
  redis.call('PEXPIRE', KEYS[3], keep)
end
return 0
