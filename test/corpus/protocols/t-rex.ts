import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";

const trex = from("@tokenysolutions/t-rex@4.1.6");
const inContracts = (path: string) => {
  const name = path.split("/").at(-1) ?? "";
  return trex(`artifacts/contracts/${path}.sol/${name}.json`);
};
const Token = inContracts("token/Token");
const TokenProxy = inContracts("proxy/TokenProxy");
const Authority = inContracts("proxy/authority/TREXImplementationAuthority");
const Identities = inContracts("registry/implementation/IdentityRegistry");
const IdentityStorage = inContracts("registry/implementation/IdentityRegistryStorage");
const Topics = inContracts("registry/implementation/ClaimTopicsRegistry");
const Issuers = inContracts("registry/implementation/TrustedIssuersRegistry");
const Compliance = inContracts("compliance/modular/ModularCompliance");

export const trexTokens = protocol({
  name: "T-REX",
  cases: {
    token: {
      title: "T-REX security token, which starts paused, with an agent who may start it",
      idiom: "pause() by an agent",
      proxy: "implementation authority",
      authority: "agent",
      verdict: "pausable",
      paused: true,
    },
    orphan: {
      title: "T-REX security token without an agent, which runs",
      idiom: null,
      proxy: "implementation authority",
      authority: null,
      verdict: "not-pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const [tokenCode, identities, storage, topics, issuers, compliance, other] = [
      await bench.deploy(Token),
      await bench.deploy(Identities),
      await bench.deploy(IdentityStorage),
      await bench.deploy(Topics),
      await bench.deploy(Issuers),
      await bench.deploy(Compliance),
      await bench.deploy(Compliance),
    ];
    const authority = await bench.deploy(Authority, [true, ZERO_ADDRESS, ZERO_ADDRESS]);
    await authority.send(
      deployer,
      "addAndUseTREXVersion",
      [4, 1, 6],
      [tokenCode, topics, identities, storage, issuers, compliance].map(({ address }) => address),
    );
    for (const part of [storage, topics, issuers, compliance, other]) {
      await part.send(deployer, "init");
    }
    await identities.send(deployer, "init", issuers.address, topics.address, storage.address);
    await storage.send(deployer, "bindIdentityRegistry", identities.address);
    await identities.send(deployer, "addAgent", deployer.address);
    for (const { address } of [stranger, owner]) {
      await identities.send(deployer, "registerIdentity", address, authority.address, 1);
    }
    const create = async (rules: string) => {
      const proxy = await bench.deploy(TokenProxy, [
        authority.address,
        identities.address,
        rules,
        "Share",
        "SHR",
        18,
        ZERO_ADDRESS,
      ]);
      const made = await tokenCode.at(proxy.address);
      await made.send(deployer, "addAgent", deployer.address);
      await made.send(deployer, "mint", stranger.address, 100);
      return made;
    };
    const token = await create(compliance.address);
    await token.send(deployer, "addAgent", pauser.address);
    await token.send(deployer, "removeAgent", deployer.address);
    const orphan = await create(other.address);
    await orphan.send(deployer, "unpause");
    await orphan.send(deployer, "removeAgent", deployer.address);
    return {
      token: {
        address: token.address,
        stop: token.call(pauser, "pause"),
        start: token.call(pauser, "unpause"),
        probe: token.call(stranger, "transfer", owner.address, 1),
      },
      orphan: {
        address: orphan.address,
        probe: orphan.call(stranger, "transfer", owner.address, 1),
        attempts: [deployer, owner, pauser].map((account) => orphan.call(account, "pause")),
      },
    };
  },
});
