// A node with the corpus on it, to try things by hand until standard input ends:
//
//     node --import tsx bench/serve-corpus.ts [part of a protocol's name...]
import { startNode } from "../test/helpers/anvil.js";
import { deployed } from "../test/corpus/case.js";
import { protocols } from "../test/corpus/protocols/index.js";
import { Workbench } from "../test/corpus/workbench.js";

const asked = process.argv.slice(2).map((text) => text.toLowerCase());
const wanted = protocols.filter(
  ({ name }) => asked.length === 0 || asked.some((text) => name.toLowerCase().includes(text)),
);
const node = await startNode();
const bench = new Workbench(node);
process.stdout.write(`url = ${node.url}\nchain id = ${node.chainId}\n`);
for (const protocol of wanted) {
  const { name, cases } = protocol;
  const subjects = await deployed(bench, protocol);
  process.stdout.write(`\n${name}\n`);
  for (const [key, { title, verdict, paused }] of Object.entries(cases)) {
    const subject = subjects[key];
    const stop =
      subject?.stop === undefined
        ? "nothing stops it"
        : `${subject.stop.data} to ${subject.stop.to} as ${subject.stop.from}`;
    process.stdout.write(
      `  ${key} = ${subject?.address ?? "missing"}\n    ${title}\n    ${String(verdict)}, paused: ${String(paused)}; ${stop}\n`,
    );
  }
}
process.stdin.resume();
process.stdin.once("end", () => {
  void node.stop();
});
