-- Write a channel's rules, unless the stored ones are as new or newer (domain/rules.py, `replaces`).
-- KEYS: the rules (JSON)
-- ARGV: rules (JSON), ms to keep them, their version, when they were begun, 1 to replace stored ones that were begun later
-- Returns what is stored then.
-- Unreadable rules count as absent and are overwritten.
local version, since, restore = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local stored = redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('GET', KEYS[1])
local readable, rules = pcall(cjson.decode, stored or '')
if readable and type(rules) == 'table' then
  local stored_version, stored_since = tonumber(rules.version or 0), tonumber(rules.since or 0)
  if stored_version and stored_since and stored_version > 0 then
    if stored_since == since then
      if stored_version >= version then return stored end
    elseif not restore or stored_since < since then
      return stored
    end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
