// PostGraphile over the database in DATABASE_URL, as in production, with as many processes as WORKERS says.
// Prints {"address": …} once it answers.

import cluster from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:http";

import { grafserv } from "grafserv/node";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const { DATABASE_URL, POOL = "16", WORKERS = "1" } = process.env;

async function serve() {
  const instance = postgraphile({
    extends: [PostGraphileAmberPreset],
    grafserv: { graphiql: false, watch: false },
    pgServices: [
      makePgService({ connectionString: DATABASE_URL, poolConfig: { max: Number(POOL) } }),
    ],
  });
  const server = createServer();
  await instance.createServ(grafserv).addTo(server);
  // Every worker that asks for port 0 gets the same one.
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

if (cluster.isPrimary) {
  const workers = Array.from({ length: Number(WORKERS) }, () => cluster.fork());
  cluster.on("exit", () => process.exit(1));
  const listening = await Promise.all(workers.map((worker) => once(worker, "listening")));
  const [{ port }] = listening[0];
  console.log(JSON.stringify({ address: `http://127.0.0.1:${port}` }));
} else {
  await serve();
}
