-- Renew a process's lease, unless it expired: others may be removing the process's connections already.
-- KEYS: leases, deadlines, deaths, the process's channels
-- ARGV: process, lease ms, keep ms, 'new' for a new process
-- Returns {1 if the lease holds, how many processes have died so far}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local deaths = tonumber(redis.call('GET', KEYS[3]) or 0) or 0
local held = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) > now
if held or ARGV[4] == 'new' then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
  return {1, deaths}
end
return {0, deaths}
