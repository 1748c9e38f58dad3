// The classic signaling server: one WebSocket for each person, and one map from names to WebSockets. Written as the
// tutorials write it, to measure ours against: no limits, no deadlines, no queues of its own.
//
// node server.js PORT [ADDRESS]

"use strict";

const { WebSocketServer } = require("ws");

const users = Object.create(null);

function sendTo(connection, message) {
  connection.send(JSON.stringify(message));
}

function logIn(connection, name) {
  if (users[name]) {
    sendTo(connection, { type: "login", success: false });
    return;
  }
  users[name] = connection;
  connection.name = name;
  sendTo(connection, { type: "login", success: true });
}

function handle(connection, data) {
  const other = users[data.name];
  switch (data.type) {
    case "login":
      logIn(connection, data.name);
      break;
    case "offer":
      if (other) {
        connection.otherName = data.name;
        sendTo(other, { type: "offer", offer: data.offer, name: connection.name });
      }
      break;
    case "answer":
      if (other) {
        connection.otherName = data.name;
        sendTo(other, { type: "answer", answer: data.answer });
      }
      break;
    case "candidate":
      if (other) sendTo(other, { type: "candidate", candidate: data.candidate });
      break;
    case "leave":
      if (other) {
        other.otherName = null;
        sendTo(other, { type: "leave" });
      }
      break;
    default:
      sendTo(connection, { type: "error", message: "Command not found: " + data.type });
  }
}

const server = new WebSocketServer({ port: Number(process.argv[2]), host: process.argv[3] || "127.0.0.1" });

server.on("connection", (connection) => {
  connection.on("message", (message) => {
    let data;
    try {
      data = JSON.parse(message);
    } catch {
      data = {};
    }
    handle(connection, data);
  });
  connection.on("error", () => {});
  connection.on("close", () => {
    if (!connection.name) return;
    delete users[connection.name];
    const other = connection.otherName && users[connection.otherName];
    if (other) sendTo(other, { type: "leave" });
  });
});
