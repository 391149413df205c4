import { duration, fromCache } from "../frontend/verify/caching.js";
import type {
  ContractReport,
  FileReport,
  FrontendVerification,
  InUse,
  OldAddressReport,
} from "../frontend/verify/report.js";
import { printDocument } from "./json.js";
import { emphasise, seconds, type Print } from "./output.js";

/** The version of the form of the document that `--json` prints. */
export const VERIFICATION_SCHEMA = "hardhat-emergency/frontend-verify@1";

/** Of many files, so many are listed; all of them with --json. */
const MOST_FILES = 8;

/** Of many notes and problems of a page, so many are said; all of them with --json. */
const MOST_LINES = 15;

/** Says what is going on: a browser takes seconds. */
export function printVerifying(print: Print, json: boolean, doing: string): void {
  if (!json) {
    print(emphasise("quiet", `${doing} …`));
  }
}

/** Prints what users are served, and whether that is right. */
export function printVerification(print: Print, json: boolean, report: FrontendVerification): void {
  if (json) {
    const ok = report.verdict === "verified";
    printDocument(print, { schema: VERIFICATION_SCHEMA, ok, ...report });
    return;
  }
  const { frontend, url, redirectedTo, release, browser, visits, chain } = report;
  print(`${frontend === null ? "" : `Frontend ${frontend}, `}${url}`);
  if (redirectedTo !== null) {
    print(`  leads to ${redirectedTo}`);
  }
  if (release !== null) {
    print(`  release ${release.id}: ${release.same} files are served as they are in it`);
  }
  report.contracts.forEach((contract) => {
    printContract(print, contract);
  });
  report.old.forEach((old) => {
    printOld(print, old);
  });
  if (browser !== null) {
    const who = visits.map(({ wallet }) => (wallet ? "with a wallet" : "without a wallet"));
    print(`  visited ${who.join(" and ")}, in Chromium ${browser.version}`);
  }
  if (chain !== null) {
    print(`  network ${chain.network}, chain id ${chain.chainId}`);
  }
  printFiles(print, report.files);
  printLines(print, "quiet", "note", report.notes);
  printLines(print, "warning", "cannot tell", report.unknown);
  printLines(
    print,
    "bad",
    "problem",
    report.problems.map(({ what }) => what),
  );
  print(headline(report));
}

function headline({ verdict, problems, unknown, durationMs }: FrontendVerification): string {
  const took = ` (${seconds(durationMs)})`;
  switch (verdict) {
    case "verified":
      return (
        emphasise("good", "VERIFIED: users are served what they should be.") +
        emphasise("quiet", took)
      );
    case "not-verified":
      return (
        emphasise("bad", `NOT VERIFIED: ${count(problems.length, "problem")}.`) +
        emphasise("quiet", took)
      );
    case "cannot-tell":
      return (
        emphasise(
          "warning",
          `CANNOT TELL: nothing wrong was seen, but ${count(unknown.length, "thing")} could not be looked at.`,
        ) + emphasise("quiet", took)
      );
  }
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function printContract(
  print: Print,
  { name, address, inUse, files, uses, code }: ContractReport,
): void {
  const [use] = uses;
  const where = use === undefined ? "" : ` (${use.method} to ${use.asked})`;
  const inFiles = files.length === 0 ? "" : `, in ${count(files.length, "file")}`;
  const good = inUse === "called" || inUse === "named" || inUse === "served";
  print(
    `  ${name} ${address} ${emphasise(good ? "good" : "warning", `${IN_USE[inUse]}${where}${inFiles}`)}`,
  );
  if (code !== null && code.verdict === "expected") {
    print(`    ${code.what}`);
  }
}

const IN_USE: Readonly<Record<InUse, string>> = {
  called: "is called by the page",
  named: "is named in what the page asks",
  served: "is served",
  nowhere: "is NOWHERE",
  "not-known": "was not seen",
};

function printOld(print: Print, { contract, address, files, uses }: OldAddressReport): void {
  const clean = files.length + uses.length === 0;
  const of = contract === null ? "" : ` of ${contract}`;
  print(
    clean
      ? `  the old ${address}${of} is ${emphasise("good", "nowhere")}`
      : `  the old ${address}${of} is ${emphasise("bad", `still there: in ${count(files.length, "file")}, asked for ${count(uses.length, "time")}`)}`,
  );
}

/** Pages and what else may not be old first; of the rest only how many there are. */
function printFiles(print: Print, files: readonly FileReport[]): void {
  const telling = files.filter(
    ({ kind }) => kind === "page" || kind === "config" || kind === "service-worker",
  );
  for (const { path, kind, caching, contents } of telling.slice(0, MOST_FILES)) {
    const age = caching.age === null ? "" : `, held by a cache for ${duration(caching.age)}`;
    const hit = fromCache(caching) ? ", from a cache" : "";
    const size = contents[0]?.size ?? 0;
    print(
      emphasise(
        "quiet",
        `  ${path} (${kind}, ${size} bytes): cache-control ${caching.cacheControl ?? "not set"}${age === "" ? hit : age}`,
      ),
    );
  }
  const rest = files.length - Math.min(telling.length, MOST_FILES);
  print(emphasise("quiet", `  and ${rest} more files (all of them with --json)`));
}

function printLines(
  print: Print,
  emphasis: "quiet" | "warning" | "bad",
  label: string,
  lines: readonly string[],
): void {
  for (const line of lines.slice(0, MOST_LINES)) {
    print(`  ${emphasise(emphasis, `${label}:`)} ${line}`);
  }
  if (lines.length > MOST_LINES) {
    print(`  and ${lines.length - MOST_LINES} more of this kind (all of them with --json)`);
  }
}
