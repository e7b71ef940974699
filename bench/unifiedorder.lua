-- wrk: sends the lines of the file BODIES one after another, from line FROM on, as METHOD PATH.
-- The constant replies get the same bodies, so that the load generator costs the same in every row.
local lines = {}
for line in io.lines(os.getenv("BODIES")) do lines[#lines + 1] = line end
local method, path = os.getenv("METHOD") or "POST", os.getenv("TARGET") or "/pay/unifiedorder"
local at = tonumber(os.getenv("FROM") or "0")
local headers = { ["Content-Type"] = "text/xml" }

request = function()
    at = at % #lines + 1
    return wrk.format(method, path, headers, lines[at])
end
