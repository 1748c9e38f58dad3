-- Takes names whose leases have ended off the list, and tells those who watch them.
-- KEYS: epoch, listed, ends, lease... ARGV: PUBLISH or SPUBLISH, presence channels' prefix, name...
local swept = 0
for i = 4, #KEYS do
    local name = ARGV[i - 1]
    if redis.call('EXISTS', KEYS[i]) == 0 and redis.call('ZREM', KEYS[3], name) == 1 then
        redis.call('ZREM', KEYS[2], name)
        redis.call(ARGV[1], ARGV[2] .. name, '- ' .. next_epoch(KEYS[1]) .. ' 0')
        swept = swept + 1
    end
end
return swept
