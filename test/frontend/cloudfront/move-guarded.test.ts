import { expect } from "chai";

import {
  moveGuarded,
  versionOf,
  type PointerState,
} from "../../../src/frontend/cloudfront/move-guarded.js";
import { expectRejection } from "../../helpers/refusal.js";

/** A place that says a folder, and can be made to fail in every way. */
class Place {
  folder: string | null = "old";
  etag = 1;
  writes = 0;
  /** Called before a write is looked at, and after it was done. */
  before: () => void = () => undefined;
  after: () => void = () => undefined;
  isReadable = true;

  readonly read = async (): Promise<PointerState> => {
    if (!this.isReadable) {
      throw new Error("no network");
    }
    return await Promise.resolve({ folder: this.folder, etag: String(this.etag) });
  };

  readonly write = async (folder: string, etag: string): Promise<void> => {
    this.writes += 1;
    this.before();
    if (etag !== String(this.etag)) {
      throw new Error("precondition failed");
    }
    this.folder = folder;
    this.etag += 1;
    this.after();
    await Promise.resolve();
  };

  async move(to: string, version: string): Promise<void> {
    await moveGuarded("the place", to, version, this);
  }
}

describe("moving a pointer", () => {
  async function version(place: Place): Promise<string> {
    return versionOf(await place.read());
  }

  it("writes once", async () => {
    const place = new Place();
    await place.move("new", await version(place));
    expect([place.folder, place.writes]).to.deep.equal(["new", 1]);
  });

  it("does not write again when it has happened and only the answer was lost", async () => {
    const place = new Place();
    place.after = () => {
      throw new Error("connection reset");
    };
    await place.move("new", await version(place));
    expect([place.folder, place.writes]).to.deep.equal(["new", 1]);
  });

  it("says what went wrong when nothing has happened", async () => {
    const place = new Place();
    place.before = () => {
      throw new Error("denied");
    };
    const failure = await place.move("new", await version(place)).catch(String);
    expect(failure).to.equal("Error: denied");
    expect([place.folder, place.writes]).to.deep.equal(["old", 1]);
  });

  it("says that it cannot tell when it can neither write nor look", async () => {
    const place = new Place();
    const seen = await version(place);
    place.after = () => {
      place.isReadable = false;
      throw new Error("connection reset");
    };
    const refusal = await expectRejection(place.move("new", seen), "AWS_UNAVAILABLE");
    expect(refusal.what).to.contain("cannot be told yet").and.to.contain("connection reset");
  });

  it("tries again on top of changes beside it, but not for ever", async () => {
    const place = new Place();
    const seen = await version(place);
    let changes = 2;
    place.before = () => {
      if (changes > 0) {
        changes -= 1;
        place.etag += 1;
      }
    };
    await place.move("new", seen);
    expect([place.folder, place.writes]).to.deep.equal(["new", 3]);

    const restless = new Place();
    restless.before = () => {
      restless.etag += 1;
    };
    const failure = await restless.move("new", await version(restless)).catch(String);
    expect(failure).to.contain("precondition failed");
    expect(restless.writes).to.equal(5);
  });

  it("leaves what somebody else has moved to", async () => {
    const place = new Place();
    const seen = await version(place);
    place.folder = "theirs";
    place.etag += 1;
    await expectRejection(place.move("new", seen), "POINTER_CHANGED");
    expect(place.folder).to.equal("theirs");
  });
});
