-- The user of a claim has left: hold the id for a while if the claim is reserved, else no longer.
-- KEYS: the claim (a hash: generation, reserved, begun)
-- ARGV: generation, ms to hold a reserved id, ms to remember the claim after that
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return end
local claim = redis.call('HMGET', KEYS[1], 'generation', 'reserved')
if claim[1] ~= ARGV[1] then return end
redis.call('PEXPIRE', KEYS[1], (claim[2] == '1' and ARGV[2] or 0) + ARGV[3])
