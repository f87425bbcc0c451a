-- Sends the GraphQL request in the environment variable BODY, again and again.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = os.getenv("BODY")
