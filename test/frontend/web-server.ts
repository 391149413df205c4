import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

/** A plain web server: what is below a folder, read anew for each request. */
export interface WebServer {
  /** With a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What is sent with a file, by its path from the root. */
export type FileHeaders = (file: string) => Readonly<Record<string, string>>;

/** Starts one on a free port. */
export async function startWebServer(
  root: string,
  headers: FileHeaders = () => ({}),
): Promise<WebServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = decodeURIComponent(pathname).replace(/\/$/, "/index.html");
    readFile(path.join(root, name)).then(
      (bytes) => response.writeHead(200, { ...headers(name.slice(1)) }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the server has no port");
  }
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
