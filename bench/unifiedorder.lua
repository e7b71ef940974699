-- wrk -t1: sends the lines of the file BODIES one after another, from line FROM on, as METHOD TARGET.
-- The constant replies get the same bodies, so that the load generator costs the same in every row.
local requests, at = {}, tonumber(os.getenv("FROM") or "0")

function init()
    local method, target = os.getenv("METHOD") or "POST", os.getenv("TARGET") or "/pay/unifiedorder"
    local headers = { ["Content-Type"] = "text/xml", ["Host"] = wrk.headers["Host"] }
    for line in io.lines(os.getenv("BODIES")) do
        requests[#requests + 1] = wrk.format(method, target, headers, line)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
