import type { AddressUse } from "./browser/rpc-log.js";
import type { Visit } from "./browser/visit.js";
import type {
  CodeReport,
  ContractReport,
  FileWithAddress,
  InUse,
  OldAddressReport,
  Problem,
} from "./report.js";
import type { ServedFile } from "./served-files.js";
import { shownUrl, someOf } from "./shown.js";

/** A contract that the site should talk to. */
export interface WantedContract {
  readonly name: string;
  /** Checksummed. */
  readonly address: string;
  /** Whether it is known that the site talks to it; otherwise it is only one that may be in it. */
  readonly required: boolean;
}

/** An address that should be nowhere. */
export interface UnwantedAddress {
  /** The contract that had it; null where only the address was given. */
  readonly contract: string | null;
  /** Checksummed. */
  readonly address: string;
}

/** What is known of addresses: from files, and from what the page asks. */
export interface AddressEvidence {
  readonly files: readonly ServedFile[];
  readonly visits: readonly Visit[];
  readonly codes: readonly CodeReport[];
  readonly site: string;
}

/** How far a contract's address is in use. */
export function contractReport(
  { name, address }: WantedContract,
  { files, visits, codes, site }: AddressEvidence,
): ContractReport {
  const uses = usesOf(address, visits);
  const holding = filesWith(address, files, site);
  return {
    name,
    address,
    inUse: inUse(uses, holding, visits),
    files: holding,
    uses,
    code: codes.find(({ contract }) => contract === name) ?? null,
  };
}

/** Where an old address is. */
export function oldAddressReport(
  old: UnwantedAddress,
  { files, visits, site }: AddressEvidence,
): OldAddressReport {
  return {
    ...old,
    uses: usesOf(old.address, visits),
    files: filesWith(old.address, files, site),
  };
}

function inUse(
  uses: readonly AddressUse[],
  files: readonly FileWithAddress[],
  visits: readonly Visit[],
): InUse {
  if (uses.some(({ kind }) => kind !== "named")) {
    return "called";
  }
  if (uses.length > 0) {
    return "named";
  }
  if (files.length > 0) {
    return "served";
  }
  // It may be put together when the page runs, and nobody has seen it run.
  return visits.some(({ failure }) => failure === null) ? "nowhere" : "not-known";
}

/**
 * What follows from where addresses are.
 * @param visited whether a browser has seen the page.
 */
export function judgeAddresses(
  contracts: readonly ContractReport[],
  wanted: readonly WantedContract[],
  old: readonly OldAddressReport[],
  visited: boolean,
): { readonly problems: readonly Problem[]; readonly notes: readonly string[] } {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const absent = contracts.filter(({ inUse: how }) => how === "nowhere");
  const required = new Set(wanted.filter((one) => one.required).map(({ name }) => name));
  for (const { name, address } of absent) {
    const what = `${name} ${address} is not in use: the page does not call it, and no file holds it`;
    // Of contracts that only may be in the site one at least must be.
    if (required.has(name) || absent.length === contracts.length) {
      problems.push({ kind: "address-not-in-use", what });
    } else {
      notes.push(what);
    }
  }
  for (const { name, inUse: how } of contracts) {
    if (how === "served" && visited) {
      notes.push(`${name} is served, and the page did not call it while it loaded`);
    }
  }
  for (const { contract, address, files, uses } of old) {
    const what = contract === null ? address : `${address}, an old address of ${contract},`;
    for (const { kind, method, asked } of distinct(uses)) {
      problems.push({
        kind: "old-address-used",
        what: `${what} is ${USE_WORDS[kind]} (${method} to ${asked})`,
      });
    }
    if (files.length > 0) {
      const places = files.map(({ path, plain, otherwise }) =>
        plain > 0 ? path : `${path} (${someOf(otherwise)})`,
      );
      problems.push({
        kind: "old-address-served",
        what: `${what} is served in ${someOf(places)}`,
      });
    }
  }
  return { problems, notes };
}

const USE_WORDS = {
  called: "called by the page",
  "through a multicall": "called by the page through a multicall",
  "asked about": "asked about by the page",
  named: "named in what the page asks",
} as const;

/** What the code at the contracts' addresses means. */
export function judgeCodes(codes: readonly CodeReport[]): {
  readonly problems: readonly Problem[];
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
} {
  const problems: Problem[] = [];
  const unknown: string[] = [];
  const notes: string[] = [];
  for (const { contract, verdict, what } of codes) {
    const line = `${contract}: ${what}`;
    switch (verdict) {
      case "expected":
        break;
      case "missing":
        problems.push({ kind: "no-code", what: line });
        break;
      case "unexpected":
        problems.push({ kind: "unexpected-code", what: line });
        break;
      case "not-compared":
        notes.push(line);
        break;
      case "not-known":
        unknown.push(line);
        break;
    }
  }
  return { problems, unknown, notes };
}

function usesOf(address: string, visits: readonly Visit[]): readonly AddressUse[] {
  const lower = address.toLowerCase();
  const found = new Map<string, AddressUse>();
  for (const use of visits.flatMap(({ uses }) => uses)) {
    if (use.address === lower) {
      const { times, ...rest } = use;
      const id = JSON.stringify(rest);
      found.set(id, { ...rest, times: times + (found.get(id)?.times ?? 0) });
    }
  }
  return [...found.values()];
}

function distinct(uses: readonly AddressUse[]): readonly AddressUse[] {
  return uses.filter(
    (use, index) =>
      uses.findIndex(
        ({ kind, method, asked }) =>
          kind === use.kind && method === use.method && asked === use.asked,
      ) === index,
  );
}

function filesWith(
  address: string,
  files: readonly ServedFile[],
  site: string,
): readonly FileWithAddress[] {
  return files.flatMap(({ url, variants }) => {
    const found = variants
      .flatMap(({ addresses }) => addresses)
      .filter((one) => one.address === address);
    return found.length === 0
      ? []
      : [
          {
            path: shownUrl(url, site),
            plain: Math.max(...found.map(({ plain }) => plain)),
            otherwise: [...new Set(found.flatMap(({ otherwise }) => otherwise))],
          },
        ];
  });
}
