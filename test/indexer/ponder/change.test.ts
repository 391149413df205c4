import { expect } from "chai";

import { decideChange, type Change } from "../../../src/indexer/ponder/change.js";
import type { Deployment } from "../../../src/indexer/ponder/deployments.js";
import type { Column, Relation } from "../../../src/indexer/ponder/relations.js";

const id: Column = { name: "id", type: "text", typeId: "25:-1:100" };
const value: Column = { name: "value", type: "numeric(78,0)", typeId: "1700:5111812:0" };

const target: Deployment = {
  schema: "two",
  buildId: "b2",
  ready: true,
  running: true,
  heartbeatMs: 0,
  tables: ["transfer"],
  ownViews: [],
  checkpoints: [],
  estimatedRows: null,
};

function relation(name: string, changes: Partial<Relation> = {}): Relation {
  return {
    name,
    kind: "table",
    columns: [id, value],
    owner: "ponder",
    ours: true,
    grants: [],
    options: [],
    comment: null,
    columnComments: [],
    sources: [],
    plain: false,
    dependents: [],
    ...changes,
  };
}

function view(name: string, from: string, changes: Partial<Relation> = {}): Relation {
  const sources = [{ schema: from, name }];
  return relation(name, { kind: "view", plain: true, sources, ...changes });
}

const RECORDS = ["_ponder_checkpoint", "_ponder_meta"];

function decided(transfer: Partial<Relation>, table: Partial<Relation> = {}): Change {
  const views = [...RECORDS.map((name) => view(name, "one")), view("transfer", "one", transfer)];
  const tables = [...RECORDS.map((name) => relation(name)), relation("transfer", table)];
  return decideChange("api", views, target, tables, new Set(["one", "two"]));
}

describe("What becomes of the views of a Ponder app", () => {
  it("is that each reads from the other schema, as the same view", () => {
    const { views, problems, present } = decided({});
    expect(views.map(({ name, how }) => [name, how])).to.deep.equal([
      ["_ponder_checkpoint", "replace"],
      ["_ponder_meta", "replace"],
      ["transfer", "replace"],
    ]);
    expect([problems, [...present]]).to.deep.equal([[], [["one", 3]]]);
  });

  it("keeps the order of columns that readers know, and puts new ones behind them", () => {
    const memo: Column = { name: "memo", type: "text", typeId: "25:-1:100" };
    const { views, notes } = decided({}, { columns: [memo, value, id] });
    expect(views.at(-1)?.columns.map(({ name }) => name)).to.deep.equal(["id", "value", "memo"]);
    expect(notes.join()).to.contain("memo");
  });

  it("makes a view anew for a type of the same name in another schema, unless something hangs on it", () => {
    const kind = (schema: string, typeId: string): Column => ({
      name: "id",
      type: `${schema}.kind`,
      typeId,
    });
    const old = { columns: [kind("one", "90001:-1:0")] };
    const next = { columns: [kind("two", "90002:-1:0")] };
    expect(decided(old, next).views.at(-1)?.how).to.equal("anew");
    expect(decided(old, next).problems).to.deep.equal([]);
    const hanging = decided({ ...old, dependents: ["view rich"] }, next);
    expect(hanging.problems.map((problem) => problem.kind)).to.deep.equal(["dependent"]);
  });

  const bad: readonly (readonly [string, Change, string, string])[] = [
    ["a column is missing", decided({}, { columns: [id] }), "missing", '"value"'],
    [
      "a column has another type",
      decided({}, { columns: [id, { ...value, type: "bigint", typeId: "20:-1:0" }] }),
      "type",
      "numeric(78,0) and would be bigint",
    ],
    ["somebody has put conditions into a view", decided({ plain: false }), "foreign", "himself"],
    ["a table is in a view's place", decided({ kind: "table", sources: [] }), "foreign", "no view"],
    ["the view is somebody else's", decided({ ours: false }), "denied", '"ponder"'],
  ];
  for (const [what, { problems }, kind, words] of bad) {
    it(`is refused when ${what}`, () => {
      expect(problems.map((problem) => problem.kind)).to.deep.equal([kind]);
      expect(problems[0]?.what).to.contain(words);
    });
  }

  it("leaves alone what reads from the old schema directly, and says so", () => {
    const views = [
      view("transfer", "one"),
      relation("rich", { kind: "view", sources: [{ schema: "one", name: "transfer" }] }),
    ];
    const tables = [...RECORDS, "transfer"].map((name) => relation(name));
    const { notes, views: changes } = decideChange("api", views, target, tables, new Set(["one"]));
    expect(notes.join()).to.contain('view "rich" reads from one.transfer directly');
    expect(changes.map(({ name }) => name)).not.to.contain("rich");
  });
});
