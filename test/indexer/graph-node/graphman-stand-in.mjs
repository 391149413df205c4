// In place of graphman: prints and ends as the stand-in of graph-node says, which has the "database". Hardhat's mocha
// loads every file below test/: only as a program does it do anything.
import { request } from "node:http";

if (import.meta.main) {
  run(process.argv.slice(2));
}

function run([database, ...args]) {
  const outgoing = request(database, { method: "POST" }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    answer.on("end", () => {
      const { code, lines } = JSON.parse(text);
      console.log(lines.join("\n"));
      process.exitCode = code;
    });
  });
  outgoing.on("error", (error) => {
    console.error(`Error: store error: ${error.message}`);
    process.exitCode = 1;
  });
  outgoing.end(JSON.stringify(args));
}
