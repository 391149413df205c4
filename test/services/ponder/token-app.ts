import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { pathOf } from "../servers/tools.js";

/**
 * What a team's own Ponder project looks like: it follows a token, keeps every transfer and each holder's balance,
 * and has the addresses and start blocks from its environment. `PREVIOUS_…` is the contract that was followed
 * before, up to the block where it was given up.
 */
const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "type": "module" }\n',
  "ponder.config.ts": `
import { createConfig } from "ponder";
import { abi } from "./abi";

const { CHAIN_ID, RPC_URL, TOKEN_ADDRESS, TOKEN_START_BLOCK } = process.env;
const { PREVIOUS_ADDRESS, PREVIOUS_START_BLOCK, PREVIOUS_END_BLOCK } = process.env;

export default createConfig({
  database: { kind: "postgres", connectionString: process.env.DATABASE_URL, poolConfig: { max: 6 } },
  chains: { local: { id: Number(CHAIN_ID), rpc: RPC_URL, pollingInterval: 100 } },
  contracts: {
    Token: { abi, chain: "local", address: TOKEN_ADDRESS, startBlock: Number(TOKEN_START_BLOCK) },
    ...(PREVIOUS_ADDRESS === undefined ? {} : {
      Previous: {
        abi,
        chain: "local",
        address: PREVIOUS_ADDRESS,
        startBlock: Number(PREVIOUS_START_BLOCK),
        endBlock: Number(PREVIOUS_END_BLOCK),
      },
    }),
  },
});
`,
  "abi.ts": `
export const abi = [{
  type: "event",
  name: "Transfer",
  inputs: [
    { name: "from", type: "address", indexed: true },
    { name: "to", type: "address", indexed: true },
    { name: "value", type: "uint256", indexed: false },
  ],
}] as const;
`,
  "ponder.schema.ts": `
import { onchainTable, primaryKey } from "ponder";

export const transfer = onchainTable("transfer", (t) => ({
  id: t.text().primaryKey(),
  token: t.hex().notNull(),
  sender: t.hex().notNull(),
  receiver: t.hex().notNull(),
  value: t.bigint().notNull(),
  block: t.bigint().notNull(),
}));

export const balance = onchainTable("balance", (t) => ({
  token: t.hex().notNull(),
  holder: t.hex().notNull(),
  value: t.bigint().notNull(),
}), (table) => ({ key: primaryKey({ columns: [table.token, table.holder] }) }));
`,
  "src/index.ts": `
import { ponder } from "ponder:registry";
import { balance, transfer } from "ponder:schema";

const NOBODY = "0x0000000000000000000000000000000000000000";

async function follow({ event, context }) {
  const { from, to, value } = event.args;
  const token = event.log.address;
  await context.db.insert(transfer).values({
    id: event.id, token, sender: from, receiver: to, value, block: event.block.number,
  });
  for (const [holder, change] of [[from, -value], [to, value]]) {
    if (holder !== NOBODY) {
      await context.db
        .insert(balance)
        .values({ token, holder, value: change })
        .onConflictDoUpdate((row) => ({ value: row.value + change }));
    }
  }
}

ponder.on("Token:Transfer", follow);
if (process.env.PREVIOUS_ADDRESS !== undefined) {
  ponder.on("Previous:Transfer", follow);
}
`,
  "src/api/index.ts": `
import { Hono } from "hono";
import { graphql } from "ponder";
import { db } from "ponder:api";
import schema from "ponder:schema";

export default new Hono()
  .use("/graphql", graphql({ db, schema }))
  .get("/hello", (c) => c.text("hello"));
`,
};

/** Writes the project into a folder, with the installed packages of test/services/ponder/app/package.json. */
export async function writeTokenApp(folder: string): Promise<void> {
  await mkdir(join(folder, "src/api"), { recursive: true });
  await Promise.all(
    Object.entries(FILES).map(async ([file, text]) => {
      await writeFile(join(folder, file), text.trimStart());
    }),
  );
  await symlink(join(pathOf("ponder"), "node_modules"), join(folder, "node_modules"), "dir");
}
