/**
 * Names of the events that matter in an emergency, by topic 0 (keccak256 of the signature), so that
 * a person can read a rehearsal. Others are shown by their topic.
 */
const EVENTS: ReadonlyMap<string, string> = new Map([
  ["0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258", "Paused(address)"],
  ["0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa", "Unpaused(address)"],
  ["0x6985a02210a168e66602d3235cb6db0e70f92b3ba4d376a33c0f3d9434bff625", "Pause()"],
  ["0x7805862f689e2f13df9f062ff482ad3ad112aca9e0847911ed832e158c525b33", "Unpause()"],
  ["0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b", "Upgraded(address)"],
  ["0xc7f505b2f371ae2175ee4913f4499e1f2633a7b5936321eed1cdaeb6115181d2", "Initialized(uint64)"],
  [
    "0x7e644d79422f17c01e4894b5f4f588d331ebfa28653d42ae832dc59e38c9798f",
    "AdminChanged(address,address)",
  ],
  [
    "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0",
    "OwnershipTransferred(address,address)",
  ],
  [
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
    "Transfer(address,address,uint256)",
  ],
]);

/** "Paused(address) of 0x…". */
export function describeEvent(event: {
  readonly address: string;
  readonly topics: readonly string[];
}): string {
  const [topic] = event.topics;
  const name =
    topic === undefined
      ? "an event without a name"
      : (EVENTS.get(topic.toLowerCase()) ?? `event ${topic}`);
  return `${name} of ${event.address}`;
}
