-- Claimed messages were posted: mark their claims, unless they expired or belong to another process.
-- KEYS: claims     ARGV: the value that each of them was set to
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i] then
    redis.call('SET', key, string.sub(ARGV[i], 1, -2) .. '1', 'KEEPTTL')
  end
end
return 0
