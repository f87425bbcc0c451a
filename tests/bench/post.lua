-- Sends the GraphQL request in the environment variable BODY, again and again, with the token in TOKEN if there is one.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = os.getenv("BODY")
local token = os.getenv("TOKEN")
if token then
  wrk.headers["authorization"] = "Bearer " .. token
end
