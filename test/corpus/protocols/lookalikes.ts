import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { raw } from "../workbench.js";
import { deploySafe, minimalProxy, plainToken } from "./shared.js";

const uniswapV2 = from("@uniswap/v2-core@1.0.1");
const PairFactory = uniswapV2("build/UniswapV2Factory.json");
const Pair = uniswapV2("build/UniswapV2Pair.json");
const V3Factory = from("@uniswap/v3-core@1.0.1")(
  "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
);
const Weth = from("canonical-weth@1.4.0")("build/contracts/WETH9.json");
const EntryPoint = from("@account-abstraction/contracts@0.8.0")("artifacts/EntryPoint.json");

const PAUSE = "0x8456cb59";
const SET_PAUSED = "0x16c38b3c";

const cannot = { idiom: null, proxy: null, authority: null, verdict: "not-pausable" } as const;

export const lookalikes = protocol({
  name: "What cannot be paused",
  cases: {
    pair: { ...cannot, title: "Uniswap v2 pair", paused: null },
    factory: { ...cannot, title: "Uniswap v2 factory", paused: null },
    v3Factory: { ...cannot, title: "Uniswap v3 factory", paused: null },
    weth: { ...cannot, title: "WETH9, whose fallback takes every call", paused: null },
    token: { ...cannot, title: "OpenZeppelin 4 fixed supply token", paused: null },
    clone: { ...cannot, title: "A clone of a plain token", proxy: "eip-1167", paused: null },
    entryPoint: { ...cannot, title: "ERC-4337 EntryPoint", paused: null },
    safe: { ...cannot, title: "A Safe", proxy: "Safe", paused: null },
  },

  async deploy(bench) {
    const [one, other] = [await plainToken(bench, stranger), await plainToken(bench, stranger)];
    const factory = await bench.deploy(PairFactory, [owner.address]);
    await factory.send(deployer, "createPair", one.address, other.address);
    const pair = await bench.contract(
      Pair,
      await factory.read("getPair", one.address, other.address),
    );
    await one.send(stranger, "transfer", pair.address, 10n ** 6n);
    await other.send(stranger, "transfer", pair.address, 10n ** 6n);
    await pair.send(stranger, "mint", stranger.address);
    const v3Factory = await bench.deploy(V3Factory);
    const weth = await bench.deploy(Weth);
    const clone = await minimalProxy(bench, one);
    const entryPoint = await bench.deploy(EntryPoint);
    const safe = await deploySafe(bench, [owner, admin], 1);

    const attempts = (address: `0x${string}`) =>
      [owner, admin, pauser, deployer].flatMap((account) => [
        raw(account, address, PAUSE),
        raw(account, address, SET_PAUSED, ["bool"], [true]),
      ]);
    const still = <T>(address: `0x${string}`, probe: T) => ({
      address,
      probe,
      attempts: attempts(address),
    });
    return {
      pair: still(pair.address, pair.call(stranger, "transfer", owner.address, 1)),
      factory: still(
        factory.address,
        factory.call(stranger, "createPair", one.address, weth.address),
      ),
      v3Factory: still(
        v3Factory.address,
        v3Factory.call(stranger, "createPool", one.address, other.address, 3000),
      ),
      weth: still(weth.address, { ...weth.call(stranger, "deposit"), valueWei: 1n }),
      token: still(one.address, one.call(stranger, "transfer", owner.address, 1)),
      clone: still(clone.address, clone.call(stranger, "approve", owner.address, 1)),
      entryPoint: still(entryPoint.address, {
        ...entryPoint.call(stranger, "depositTo", stranger.address),
        valueWei: 1n,
      }),
      safe: still(safe.address, safe.call(owner, "approveHash", `0x${"11".repeat(32)}`)),
    };
  },
});
