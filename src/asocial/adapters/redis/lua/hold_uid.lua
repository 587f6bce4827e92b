-- Hold a user id for a claim, unless another claim holds it.
-- KEYS: the claim (its generation)     ARGV: generation, ms to hold it, ms to remember it after that, "least" or "exact"
-- Returns 1 if this claim holds the id now, or 0.
-- The key's time to live is the time for which the claim holds the id plus the time for which it is remembered after
-- that. So no clock is compared: the claim holds the id while the key lives longer than it is remembered.
local found = redis.call('TYPE', KEYS[1]).ok
local generation = found == 'string' and redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
-- A key of another type, or one that never ends, was not written by us.
if not generation or left < 0 then
  redis.call('DEL', KEYS[1])
  generation = false
end
if generation and generation ~= ARGV[1] and left > tonumber(ARGV[3]) then return 0 end
local life = ARGV[2] + ARGV[3]
if generation == ARGV[1] and ARGV[4] == 'least' then life = math.max(life, left) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', life)
return 1
