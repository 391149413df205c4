import { createServer, connect, type Socket } from "node:net";

/** A proxy in front of a server that breaks one connection at one moment, as a killed client does. */
export interface CuttingProxy {
  readonly port: number;
  /** How often the client has sent something, up to now. */
  sent(): number;
  stop(): Promise<void>;
}

/**
 * Starts it.
 * @param at which time the client sends something, over all connections; 1 is the first.
 * @param when before the server gets it, or when the server has answered it and nobody hears the answer.
 */
export async function startCuttingProxy(
  target: number,
  at: number,
  when: "before" | "after",
): Promise<CuttingProxy> {
  let sent = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    let deaf = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", end).on("close", end);
    }
    client.on("data", (data) => {
      sent += 1;
      if (sent === at && when === "before") {
        end();
        return;
      }
      deaf = sent === at;
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (deaf) {
        end();
        return;
      }
      client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the proxy has no port");
  }
  return {
    port: address.port,
    sent: () => sent,
    async stop() {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
