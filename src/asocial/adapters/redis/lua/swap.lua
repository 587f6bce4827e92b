-- Write a channel's rules, unless those that are stored are as new or newer.
-- KEYS: the rules (JSON)     ARGV: version, rules (JSON), ms to keep them
-- Returns what is stored then.
local stored = redis.call('GET', KEYS[1])
if stored and (cjson.decode(stored).version or 0) >= tonumber(ARGV[1]) then return stored end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return ARGV[2]
