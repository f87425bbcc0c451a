// What is between a client and a server.
import { connect, createServer } from 'node:net';

/** A way to a server. It can break down, then every connection over it is cut without a word, and lead elsewhere from then on. */
export async function openRoad(origin) {
  let destination = new URL(origin);
  const open = new Set();
  let travellers = 0;
  const server = createServer((near) => {
    travellers += 1;
    const far = connect(Number(destination.port), destination.hostname);
    for (const [end, other] of [[near, far], [far, near]]) {
      open.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const breakDown = () => open.forEach((end) => end.destroy());
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    travellers: () => travellers,
    breakDown,
    leadTo: (other) => (destination = new URL(other)),
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      breakDown();
      await closed;
    },
  };
}
