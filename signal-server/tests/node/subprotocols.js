// Opens WebSockets with each list of subprotocols, one JSON array a line, as a page would:
//
//   node --experimental-websocket subprotocols.js ws://127.0.0.1:9090 < LISTS
//
// and writes for each what was chosen by the client of `ws` and by the WebSocket of the standard
// (null: the connection failed).
import { createInterface } from "node:readline";
import { WebSocket as Ws } from "ws";

const url = process.argv[2];

function chosen(Client, asked) {
  return new Promise((resolve) => {
    const socket = asked === null ? new Client(url) : new Client(url, asked);
    socket.onmessage = (event) => {
      const greeted = JSON.parse(event.data).type === "hello";
      resolve(greeted ? socket.protocol : null);
      socket.close();
    };
    socket.onerror = () => resolve(null);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const both = [await chosen(Ws, asked), await chosen(globalThis.WebSocket, asked)];
  process.stdout.write(`${JSON.stringify(both)}\n`);
}
process.exit(0);
