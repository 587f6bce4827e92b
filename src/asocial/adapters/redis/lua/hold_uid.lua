-- Hold a user id for a claim, unless another claim holds it.
-- KEYS: the claim (a hash: generation, reserved, begun)
-- ARGV: generation, ms to hold it, ms to remember it after that, 1 to reserve it or 0,
--       when the claim was made if it has held the id ever since, else 0
-- Returns when this claim was made (ms of Redis's clock), or 0 if another claim holds the id.
-- The key's time to live is the time for which the claim holds the id plus the time for which it is remembered after
-- that. So no end is compared with a clock: the claim holds the id while the key lives longer than it is remembered.
local generation, remember, reserved, begun = ARGV[1], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local left = redis.call('PTTL', KEYS[1])
local known = {false, false, false}
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  known = redis.call('HMGET', KEYS[1], 'generation', 'reserved', 'begun')
end
-- A key of another type, or one that never ends, was not written by us.
if not known[1] or left < 0 then
  redis.call('DEL', KEYS[1])
  known = {false, false, false}
end
-- 0: another version of the server made it.
local known_begun = tonumber(known[3] or 0) or 0
if known[1] and known[1] ~= generation and left > remember then
  -- If this claim has held the id all the time, Redis lost it before the other one was made.
  if begun == 0 or begun >= known_begun then return 0 end
end
local life = ARGV[2] + remember
if known[1] == generation then
  life = math.max(life, left)
  if known[2] == '1' then reserved = '1' end
  if begun == 0 or (known_begun > 0 and known_begun < begun) then begun = known_begun end
end
if begun == 0 then
  local clock = redis.call('TIME')
  begun = clock[1] * 1000 + math.floor(clock[2] / 1000)
end
redis.call('HSET', KEYS[1], 'generation', generation, 'reserved', reserved, 'begun', begun)
redis.call('PEXPIRE', KEYS[1], life)
return begun
