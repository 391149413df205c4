import { isGetterPath } from "../../config/mechanisms.js";
import type { EmergencyMechanismUserConfig } from "../../config/types.js";
import { findContract } from "../address-book.js";
import type { Address } from "../address.js";
import type { AddressBook } from "../known-contract.js";
import { decoder, template, type Ethers } from "./custom-calls.js";
import type { CustomMechanism } from "./custom.js";
import { CONTRACT, type Idiom, type Lookup } from "./idioms/idiom.js";

/**
 * The mechanisms of the configuration, with their names looked up and their calls encoded. Nothing is
 * read from the chain.
 * @throws EmergencyError BAD_CONFIG naming the place, UNKNOWN_CONTRACT, AMBIGUOUS_CONTRACT, BAD_ADDRESS
 */
export async function loadCustom(book: AddressBook): Promise<readonly CustomMechanism[]> {
  const entries = Object.entries(book.config.mechanisms);
  if (entries.length === 0) {
    return [];
  }
  const ethers = await import("ethers");
  const all = await Promise.all(
    entries.map(async ([name, config]) => await loadOne(ethers, book, name, config)),
  );
  return all.filter((mechanism) => mechanism !== undefined);
}

async function loadOne(
  ethers: Ethers,
  book: AddressBook,
  name: string,
  config: EmergencyMechanismUserConfig,
): Promise<CustomMechanism | undefined> {
  const path = `emergency.mechanisms.${name}`;
  const only = config.contract;
  const contract =
    only === undefined ? undefined : await addressHere(book, only, `${path}.contract`);
  if (only !== undefined && contract === undefined) {
    return undefined;
  }
  const to = await placeOf(ethers, book, config.to, `${path}.to`);
  const readTo = await placeOf(ethers, book, config.readBack.to, `${path}.readBack.to`);
  if (to === undefined || readTo === undefined) {
    return undefined;
  }
  const readBack = template(ethers, config.readBack, `${path}.readBack`);
  const pause = template(ethers, config.pause, `${path}.pause`);
  const { unpause = null } = config;
  const idiom: Idiom = {
    id: `custom:${name}`,
    title: config.title ?? `${pause.signature}, as "${name}" of the configuration says`,
    values: {
      ...(to.lookup === undefined ? {} : { to: to.lookup }),
      ...(readTo.lookup === undefined ? {} : { readTo: readTo.lookup }),
    },
    to: to.isContract ? CONTRACT : "to",
    pause,
    unpause: unpause === null ? null : template(ethers, unpause, `${path}.unpause`),
    readBacks: [
      {
        reads: [{ of: readTo.isContract ? CONTRACT : "readTo", call: readBack }],
        decode: decoder(ethers, config.readBack, `${path}.readBack`),
      },
    ],
    limits: config.limits ?? "what it does not stop, the configuration does not say",
  };
  const known: Record<string, Address> = {
    ...(to.address === undefined ? {} : { to: to.address }),
    ...(readTo.address === undefined ? {} : { readTo: readTo.address }),
  };
  return { contract, idiom, known };
}

interface Place {
  readonly isContract: boolean;
  readonly address?: Address;
  readonly lookup?: Lookup;
}

/** Undefined where a name has no address on this network: then the mechanism is not for it. */
async function placeOf(
  ethers: Ethers,
  book: AddressBook,
  text: string | undefined,
  path: string,
): Promise<Place | undefined> {
  if (text === undefined) {
    return { isContract: true };
  }
  if (isGetterPath(text)) {
    const getters = text.split(".").map((signature) => template(ethers, { signature }, path));
    return { isContract: false, lookup: { paths: [getters] } };
  }
  const address = await addressHere(book, text, path);
  return address === undefined ? undefined : { isContract: false, address };
}

/** Undefined when the configuration knows the name, but only on other networks. */
async function addressHere(
  book: AddressBook,
  text: string,
  path: string,
): Promise<Address | undefined> {
  const configured = book.config.contracts[text];
  if (typeof configured?.address === "object" && configured.address[book.network] === undefined) {
    return undefined;
  }
  const { address } = await findContract(book, text, `${path} in hardhat.config.ts`);
  return address;
}
