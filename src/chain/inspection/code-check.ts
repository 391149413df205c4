import { EmergencyError } from "../../errors.js";
import type { Address, Hex } from "../address.js";
import type { Chain } from "../chain.js";
import type { ProjectArtifacts } from "./artifacts.js";
import { sameRuntimeCode } from "./bytecode.js";
import { describeContract, inspectContract } from "./contract.js";

/** What the code at an address is, compared with what the project says that it should be. */
export interface CodeCheck {
  readonly contract: string;
  readonly address: Address;
  /**
   * - `expected`: it is what the project has compiled
   * - `unexpected`: it is not the compiled contract that the configuration names
   * - `missing`: there is none, or none behind the proxy
   * - `not-compared`: there is code, and the project has compiled nothing like it
   * - `not-known`: what it should be is not compiled
   */
  readonly verdict: "expected" | "unexpected" | "missing" | "not-compared" | "not-known";
  /** For people. */
  readonly what: string;
  /** keccak256 of the code at the address; null where there is none. */
  readonly codeHash: Hex | null;
  /** Of a proxy: where its functions are. */
  readonly implementation: Address | null;
  readonly implementationCodeHash: Hex | null;
}

/**
 * Looks at the code of a contract, behind a proxy at that of its implementation. Compiles nothing.
 * @param artifact the compiled contract that the configuration names, if it does.
 * @throws EmergencyError RPC_UNREACHABLE, RPC_INVALID, RPC_REFUSED, WRONG_CHAIN when the node cannot be asked.
 */
export async function checkCode(
  chain: Chain,
  { name, address }: { readonly name: string; readonly address: Address },
  artifact: string | undefined,
  artifacts: Pick<ProjectArtifacts, "named" | "matching">,
): Promise<CodeCheck> {
  const base = { contract: name, address };
  try {
    const { contract } = await inspectContract(chain, address);
    const { codeHash, logic, proxy } = contract;
    const behind = typeof proxy?.implementation === "string";
    const found = {
      ...base,
      codeHash,
      implementation: behind ? logic.address : null,
      implementationCodeHash: behind ? logic.codeHash : null,
    };
    const where = `${address} (${describeContract(contract)}, code hash ${logic.codeHash})`;
    if (artifact === undefined) {
      const [known] = await artifacts.matching(logic.code);
      return known === undefined
        ? {
            ...found,
            verdict: "not-compared",
            what: `the code at ${where} is none that the project has compiled, and emergency.contracts.${name}.artifact does not say which it should be`,
          }
        : { ...found, verdict: "expected", what: `the code at ${where} is ${known.fullName}` };
    }
    const expected = await artifacts.named(artifact);
    if (expected === undefined) {
      return {
        ...found,
        verdict: "not-known",
        what: `the code at ${where} should be ${artifact}, which is not compiled: npx hardhat build`,
      };
    }
    return sameRuntimeCode(logic.code, expected)
      ? { ...found, verdict: "expected", what: `the code at ${where} is ${expected.fullName}` }
      : {
          ...found,
          verdict: "unexpected",
          what: `the code at ${where} is not ${expected.fullName}, as the project has compiled it`,
        };
  } catch (error) {
    if (error instanceof EmergencyError && error.code === "NO_CODE") {
      return {
        ...base,
        verdict: "missing",
        what: error.what,
        codeHash: null,
        implementation: null,
        implementationCodeHash: null,
      };
    }
    throw error;
  }
}
