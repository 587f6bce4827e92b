-- Write a channel's rules, unless the stored ones are as new or newer.
-- KEYS: the rules (JSON)     ARGV: version, rules (JSON), ms to keep them
-- Returns what is stored then.
-- Unreadable rules count as absent and are overwritten.
local stored = redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('GET', KEYS[1])
local readable, rules = pcall(cjson.decode, stored or '')
local version = readable and type(rules) == 'table' and tonumber(rules.version or 0)
if version and version >= tonumber(ARGV[1]) then return stored end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return ARGV[2]
