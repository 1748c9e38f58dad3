// Pages on sockets, driven by one JSON object a line: what to do comes in, what happened goes out.
//
//   in:  {"page":"a","open":"http://127.0.0.1:9090","transports":["polling"],"headers":{}}
//        {"page":"a","emit":["join room","blue"]}
//        {"page":"a","close":true}
//   out: {"page":"a","heard":["connect","<id>"]}
//        {"page":"a","heard":["other user","<id>"]}
//        {"page":"a","heard":["upgrade","websocket"]}
//        {"page":"a","heard":["disconnect","transport close"]}
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const pages = new Map();

function open(page, url, transports, extraHeaders) {
  const socket = io(url, { transports, extraHeaders, reconnection: false, forceNew: true });
  const heard = (...what) => process.stdout.write(`${JSON.stringify({ page, heard: what })}\n`);
  socket.on("connect", () => heard("connect", socket.id));
  socket.on("connect_error", (error) => heard("connect_error", error.message));
  socket.on("disconnect", (reason) => heard("disconnect", reason));
  socket.onAny((...event) => heard(...event));
  socket.io.engine.on("upgrade", (transport) => heard("upgrade", transport.name));
  pages.set(page, socket);
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.open) open(command.page, command.open, command.transports, command.headers);
  else if (command.close) pages.get(command.page).close();
  else pages.get(command.page).emit(...command.emit);
}
process.exit(0);
