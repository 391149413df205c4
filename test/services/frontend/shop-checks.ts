import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";

import type { Finished } from "../../helpers/cli.js";
import { fieldOf, listOf, onlyDocument } from "../../helpers/refusal.js";
import type { Operator } from "./laboratory.js";

/** What visitors of the app should see, and which contracts it should talk to. */
export interface Served {
  readonly title: string;
  readonly market: string;
  readonly vault: string;
}

/** Types a command that changes something, and expects it to be done and verified. */
export async function done(
  operator: Operator,
  command: string,
  ...args: readonly string[]
): Promise<Finished> {
  const finished = await operator.type(command, ...args, "--yes");
  expect(finished.exitCode, printed(finished)).to.equal(0);
  return finished;
}

/**
 * Visits the site in Chromium by `frontend verify`, and expects `status` and `releases` to say the same.
 * @returns the document of `verify`.
 */
export async function expectServed(
  operator: Operator,
  { title, market, vault }: Served,
): Promise<Record<string, unknown>> {
  const [verified, status, releases] = await Promise.all([
    operator.type("verify", "--json"),
    operator.type("status", "--json"),
    operator.type("releases", "--json"),
  ]);
  expect(verified.exitCode, printed(verified)).to.equal(0);
  const report = onlyDocument(verified);
  expect(report).to.include({
    schema: "hardhat-emergency/frontend-verify@1",
    ok: true,
    verdict: "verified",
  });
  const contracts = listOf(report, "contracts");
  expect(contracts.map(({ name, address, inUse }) => [name, address, inUse])).to.deep.equal([
    ["market", market, "called"],
    ["vault", vault, "called"],
  ]);
  expect(contracts.map((contract) => fieldOf(contract, "code").verdict)).to.deep.equal([
    "expected",
    "expected",
  ]);
  // With a wallet, and without.
  expect(listOf(report, "visits").map((visit) => visit.title)).to.deep.equal([title, title]);
  for (const old of listOf(report, "old")) {
    expect(old).to.deep.include({ files: [], uses: [] });
  }

  expect(status.exitCode, printed(status)).to.equal(0);
  const document = onlyDocument(status);
  const inSite = listOf(document, "contracts").map((contract) => contract.inSite);
  expect(inSite).to.deep.equal([market, vault]);
  const [current, ...others] = listOf(onlyDocument(releases), "releases").filter(
    (release) => release.current === true,
  );
  expect(others).to.deep.equal([]);
  expect(current?.id).to.equal(fieldOf(document, "release").id);
  expect(current?.id).to.equal(fieldOf(report, "release").id);
  return report;
}

/** The id of the release that is served. */
export async function currentRelease(operator: Operator): Promise<string> {
  const status = await operator.type("status", "--json");
  return String(fieldOf(onlyDocument(status), "release").id);
}

/** A command was refused, with exit code 1, in words that say what happened and what to do next. */
export function expectRefused(finished: Finished, code: string, words: RegExp): void {
  expect(finished.exitCode, printed(finished)).to.equal(1);
  expect(finished.stderr).to.contain(`${code}: `).and.to.match(words);
  expect(finished.stderr).to.match(/^Next: \S/m);
}

/** All that a command has printed. */
export function printed({ stdout, stderr }: Finished): string {
  return stdout + stderr;
}

/** Every version and marker in a bucket: after a command that wrote nothing it is the same list. */
export async function everyVersion(client: S3Client, bucket: string): Promise<unknown> {
  const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
  const { Versions, DeleteMarkers, IsTruncated } = await client.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
  );
  expect(IsTruncated ?? false).to.equal(false);
  return { Versions, DeleteMarkers };
}

/** The versions of one object, the newest first. */
export async function versionsOf(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<readonly string[]> {
  const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
  const { Versions } = await client.send(
    new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }),
  );
  return (Versions ?? []).filter(({ Key }) => Key === key).map(({ VersionId }) => VersionId ?? "");
}
