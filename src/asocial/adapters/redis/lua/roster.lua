-- The members in the order of joining, how many there are, and the count of events.
-- KEYS: users profiles joined stamp     ARGV: limit
-- Returns {user_count, epoch, seq, user, joined_at, profile, user, joined_at, profile...}
local users, profiles, joined, stamp = unpack(KEYS)
local place = redis.call('HMGET', stamp, 'epoch', 'seq')
local answer = {redis.call('HLEN', users), place[1] or '', tonumber(place[2] or 0) or 0}
local limit = tonumber(ARGV[1])
if limit > 0 then
  local listed = redis.call('ZRANGE', joined, 0, limit - 1, 'WITHSCORES')
  for i = 1, #listed, 2 do
    answer[#answer + 1] = listed[i]
    answer[#answer + 1] = listed[i + 1]
    answer[#answer + 1] = redis.call('HGET', profiles, listed[i])
  end
end
return answer
