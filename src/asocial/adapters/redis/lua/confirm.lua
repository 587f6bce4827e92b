-- Messages that were claimed have been posted: mark their claims, unless they are over or somebody else's.
-- KEYS: claims     ARGV: what each of them was set to
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i] then
    redis.call('SET', key, string.sub(ARGV[i], 1, -2) .. '1', 'KEEPTTL')
  end
end
return 0
