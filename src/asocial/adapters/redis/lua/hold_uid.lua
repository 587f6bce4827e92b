-- Hold a user id for a claim, unless another claim holds it.
-- KEYS: the claim (a hash: generation, reserved)
-- ARGV: generation, ms to hold it, ms to remember it after that, 1 to reserve it or 0
-- Returns 1 if this claim holds the id now, or 0.
-- The key's time to live is the time for which the claim holds the id plus the time for which it is remembered after
-- that. So no clock is compared: the claim holds the id while the key lives longer than it is remembered.
local left = redis.call('PTTL', KEYS[1])
local known = {false, false}
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  known = redis.call('HMGET', KEYS[1], 'generation', 'reserved')
end
-- A key of another type, or one that never ends, was not written by us.
if not known[1] or left < 0 then
  redis.call('DEL', KEYS[1])
  known = {false, false}
end
if known[1] and known[1] ~= ARGV[1] and left > tonumber(ARGV[3]) then return 0 end
local life, reserved = ARGV[2] + ARGV[3], ARGV[4]
if known[1] == ARGV[1] then
  life = math.max(life, left)
  if known[2] == '1' then reserved = '1' end
end
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'reserved', reserved)
redis.call('PEXPIRE', KEYS[1], life)
return 1
