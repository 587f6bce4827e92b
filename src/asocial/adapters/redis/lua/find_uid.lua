-- The last claim of a user id.
-- KEYS: the claim (a hash: generation, reserved, begun)
-- Returns {generation, ms until it is forgotten, 1 if it is reserved or 0}, or {}.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {} end
local claim = redis.call('HMGET', KEYS[1], 'generation', 'reserved')
if not claim[1] then return {} end
return {claim[1], redis.call('PTTL', KEYS[1]), claim[2] == '1' and 1 or 0}
