// In place of graphman: prints and ends as the stand-in of graph-node says, which has the "database".
import { request } from "node:http";

const [, , database, ...args] = process.argv;

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
