import { Client } from "pg";

/** A connection of a test's own; end it. */
export async function connectTo(connectionString: string, name = "a test"): Promise<Client> {
  const client = new Client({ connectionString, application_name: name });
  // A server that is stopped says so on every connection.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
