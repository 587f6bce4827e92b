-- Those of the given users who are present.
-- KEYS: profiles joined     ARGV: user...
-- Returns {user, joined_at, profile, user, joined_at, profile...} in the given order.
local answer = {}
for _, user in ipairs(ARGV) do
  local profile = redis.call('HGET', KEYS[1], user)
  if profile then
    answer[#answer + 1] = user
    answer[#answer + 1] = redis.call('ZSCORE', KEYS[2], user)
    answer[#answer + 1] = profile
  end
end
return answer
