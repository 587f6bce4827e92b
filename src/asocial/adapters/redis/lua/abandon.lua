-- Abandon connections whose sockets broke: each is removed after its grace; only a new join brings it back.
-- KEYS: conns expiry users profiles joined stamp
-- ARGV: linger ms, then connection, grace ms, connection, grace ms...
-- Returns the ms until the earliest of the new deadlines (at least 1), or 0 if none of the connections exists.
local conns, expiry = KEYS[1], KEYS[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local first = 0
for i = 2, #ARGV, 2 do
  local entry = redis.call('HGET', conns, ARGV[i])
  if entry then
    local deadline = now + ARGV[i + 1]
    redis.call('HSET', conns, ARGV[i], '-' .. string.sub(entry, 2))
    redis.call('ZADD', expiry, deadline, ARGV[i])
    local left = math.max(1, deadline - now)
    if first == 0 or left < first then first = left end
  end
end
if first > 0 then
  local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
  for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, last + ARGV[1]) end
end
return first
