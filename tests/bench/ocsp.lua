-- tests/bench/ocsp.lua - wrk asks for OCSP: POST of the request in a file, with a new nonce each time if wanted;
-- without a file the URL as it is. At the end one line of JSON.
--
-- wrk ... -s ocsp.lua URL -- [FILE [nonce]]     with nonce, the file's last 16 octets are the nonce

local before

function init(args)
	if args[1] == nil then return end
	local file = assert(io.open(args[1], "rb"))
	wrk.body = file:read("*a")
	file:close()
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/ocsp-request"
	if args[2] ~= "nonce" then return end
	before = wrk.body:sub(1, -17)
	local n = os.time() * 2 ^ 20 -- another run, other nonces
	request = function()
		n = n + 1
		return wrk.format(nil, nil, nil, before .. string.format("%016x", n))
	end
end

function done(summary, latency, requests)
	local e = summary.errors
	io.write(string.format(
		'{"done":%d,"failed":%d,"us":%d,"per_s":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,"octets":%d}\n',
		summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.duration,
		summary.requests * 1e6 / summary.duration, latency:percentile(50), latency:percentile(99),
		latency.max, summary.bytes))
end
