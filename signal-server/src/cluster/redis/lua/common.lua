-- What every script begins with. A lease is one string, "node number epoch listed key token": the node and the number
-- of the claim are who holds it, the epoch says which of two states of a name is the later one.

-- The time of Redis in milliseconds, which is the only clock that leases know.
local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Grows with every change of a name, also when Redis has forgotten the one before.
local function next_epoch(key)
    local time = redis.call('TIME')
    local last = tonumber(redis.call('GET', key) or '0')
    local epoch = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
    redis.call('SET', key, epoch)
    return epoch
end

local function read(lease)
    local value = redis.call('GET', lease)
    if not value then
        return nil
    end
    local fields = {}
    for field in string.gmatch(value, '%S+') do
        fields[#fields + 1] = field
    end
    return { node = fields[1], number = fields[2], epoch = fields[3], listed = fields[4], key = fields[5],
        token = fields[6] }
end
