-- The last claim of a user id.
-- KEYS: the claim (its generation)
-- Returns {generation, ms until it is forgotten}, or {}.
if redis.call('TYPE', KEYS[1]).ok ~= 'string' then return {} end
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
