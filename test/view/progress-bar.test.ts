import { expect } from "chai";

import { ProgressBar, type BarOutput } from "../../src/view/progress-bar.js";

function recorded(isTerminal: boolean): { readonly output: BarOutput; readonly shown: string[] } {
  const shown: string[] = [];
  let now = 0;
  return {
    shown,
    output: {
      isTerminal,
      write: (text) => shown.push(text),
      print: (line) => shown.push(`${line}\n`),
      now: () => (now += 100),
    },
  };
}

describe("the progress bar", () => {
  it("is drawn over itself on a terminal, and its line ends when all is done", () => {
    const { output, shown } = recorded(true);
    const bar = new ProgressBar(output);
    bar.advance("uploaded", 1, 4);
    bar.advance("uploaded", 4, 4);
    expect(shown[0]).to.match(/^\r {2}\[#{6}\.{18}\] 1 of 4 uploaded /);
    expect(shown[1]).to.match(/^\r {2}\[#{24}\] 4 of 4 uploaded /);
    expect(shown[2]).to.equal("\n");
  });

  it("ends its line before something else is printed", () => {
    const { output, shown } = recorded(true);
    const bar = new ProgressBar(output);
    bar.advance("uploaded", 1, 4);
    bar.close();
    bar.close();
    expect(shown.slice(1)).to.deep.equal(["\n"]);
  });

  it("is a few lines in a log, and none where the work is short", () => {
    const { output, shown } = recorded(false);
    const bar = new ProgressBar(output);
    for (let done = 1; done <= 200; done++) {
      bar.advance("uploaded", done, 200);
    }
    bar.advance("copied", 3, 3);
    expect(shown).to.deep.equal([50, 100, 150, 200].map((done) => `  ${done} of 200 uploaded\n`));
  });
});
