-- Change the profile of a user who is present, which is an event.
-- KEYS: users profiles stamp     ARGV: user, profile (JSON), its `changed_at` if one that was chosen later is to stay
-- Returns {user_count, epoch, seq}, or nothing if the user is not present or a later profile stays.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return false end
if ARGV[3] then
  -- A damaged profile is replaced.
  local readable, known = pcall(cjson.decode, redis.call('HGET', KEYS[2], ARGV[1]) or '')
  local known_at = readable and type(known) == 'table' and tonumber(known.changed_at) or 0
  if known_at > tonumber(ARGV[3]) then return false end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
-- A damaged count is no count.
local seq = (tonumber(redis.call('HGET', KEYS[3], 'seq') or 0) or 0) + 1
redis.call('HSET', KEYS[3], 'seq', seq)
return {redis.call('HLEN', KEYS[1]), redis.call('HGET', KEYS[3], 'epoch') or '', seq}
