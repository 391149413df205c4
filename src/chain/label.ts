import type { Address } from "./address.js";

/** A contract as a person named it, with its address. */
export interface NamedContract {
  /** The name, or the address itself when no name was given. */
  readonly label: string;
  readonly address: Address;
}

/** "Marketplace (0x…)", or only the address. */
export function describeName({ label, address }: NamedContract): string {
  return label === address ? address : `${label} (${address})`;
}
